// How much the peer port has turned away since the start, by code. Log lines are paced, these are not: how hard somebody
// knocks shows here.

/** Kinds are few and fixed, never what a stranger sent. */
export class RefusalCounts {
  readonly #counts = new Map<string, number>();

  count(code: string): void {
    this.#counts.set(code, (this.#counts.get(code) ?? 0) + 1);
  }

  get all(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counts);
  }
}
