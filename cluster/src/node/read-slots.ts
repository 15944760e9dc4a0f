// The application's reads, so many at once as keep the disk busy: more of them would stand in the line of the thread pool before the
// log's own writes, and their answers would come in one long turn.

const READS_AT_ONCE_MAX = 64;

export class ReadSlots {
  #free = READS_AT_ONCE_MAX;
  readonly #waiting: (() => void)[] = [];

  /** First come, first served. Rejects with what the read rejects with. */
  async run<T>(read: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await read();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
