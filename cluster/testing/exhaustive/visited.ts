// The states that were seen, as 64-bit hashes in an open table. That two of 10 million states share one has a
// probability below one in 300,000.

const FIRST_CAPACITY = 1 << 16;

export class Visited {
  #high = new Uint32Array(FIRST_CAPACITY);
  #low = new Uint32Array(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** False if it was there. */
  add(high: number, low: number): boolean {
    // Zeros mark a free place.
    const mark = low === 0 ? 1 : low;
    const at = this.#placeOf(high, mark);
    if (this.#low[at] !== 0) return false;
    this.#high[at] = high;
    this.#low[at] = mark;
    this.#size += 1;
    if (this.#size * 2 > this.#low.length) this.#grow();
    return true;
  }

  #placeOf(high: number, low: number): number {
    const mask = this.#low.length - 1;
    let at = (low ^ Math.imul(high, 0x9e3779b1)) & mask;
    while (this.#low[at] !== 0 && (this.#low[at] !== low || this.#high[at] !== high)) {
      at = (at + 1) & mask;
    }
    return at;
  }

  #grow(): void {
    const high = this.#high;
    const low = this.#low;
    this.#high = new Uint32Array(2 * high.length);
    this.#low = new Uint32Array(2 * low.length);
    for (let at = 0; at < low.length; at += 1) {
      const mark = low[at] ?? 0;
      if (mark === 0) continue;
      const place = this.#placeOf(high[at] ?? 0, mark);
      this.#high[place] = high[at] ?? 0;
      this.#low[place] = mark;
    }
  }
}
