// How long synced batches took: the newest so many of them, and the one that is being written now.

const KEPT = 1_024;

export interface SyncFigures {
  /** Batches that the figures are of. */
  readonly batches: number;
  /** 99 of 100 took no longer. */
  readonly p99Ms: number;
  readonly maxMs: number;
  /** How long the batch that is being written has taken so far; 0 if there is none. */
  readonly waitingMs: number;
}

export class SyncTimes {
  readonly #nowMs: () => number;
  readonly #tookMs: number[] = [];
  #next = 0;
  #sinceMs: number | undefined;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  begin(): void {
    this.#sinceMs = this.#nowMs();
  }

  end(): void {
    if (this.#sinceMs === undefined) return;
    this.#tookMs[this.#next] = this.#nowMs() - this.#sinceMs;
    this.#next = (this.#next + 1) % KEPT;
    this.#sinceMs = undefined;
  }

  figures(): SyncFigures {
    const sorted = this.#tookMs.toSorted((a, b) => a - b);
    const { length } = sorted;
    return {
      batches: length,
      p99Ms: sorted[Math.ceil(length * 0.99) - 1] ?? 0,
      maxMs: sorted[length - 1] ?? 0,
      waitingMs: this.#sinceMs === undefined ? 0 : this.#nowMs() - this.#sinceMs,
    };
  }
}
