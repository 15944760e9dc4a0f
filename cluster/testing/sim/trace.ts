// What happened in a run, folded into 64 bits: equal seeds must give equal hashes.

const PRIME = 0x01000193;

export class Trace {
  #low = 0x811c9dc5;
  #high = 0x23b0a1d5;
  #events = 0;
  /** Of each word that was noted, a number of its own. */
  readonly #words = new Map<string, number>();

  note(what: string, ...numbers: readonly number[]): void {
    this.#events += 1;
    this.#fold(this.#numberOf(what));
    // Virtual times are fractions of milliseconds: 1/1024 is fine enough to tell traces apart.
    for (const number of numbers) this.#fold(Math.floor(number * 1024));
  }

  get hash(): string {
    const hex = (word: number): string => word.toString(16).padStart(8, '0');
    return `${hex(this.#high)}${hex(this.#low)}-${this.#events}`;
  }

  #numberOf(word: string): number {
    const known = this.#words.get(word);
    if (known !== undefined) return known;
    this.#words.set(word, this.#words.size);
    return this.#words.size - 1;
  }

  #fold(number: number): void {
    this.#low = Math.imul(this.#low ^ (number >>> 0), PRIME) >>> 0;
    this.#high = (Math.imul(this.#high, 31) + this.#low + Math.floor(number / 65_536)) >>> 0;
  }
}
