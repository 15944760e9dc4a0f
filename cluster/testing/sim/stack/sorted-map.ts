// Keys in order, as a database keeps them: bytes as latin1 strings, whose order is that of the bytes.

export class SortedMap {
  readonly #values = new Map<string, Uint8Array>();
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  get(key: string): Uint8Array | undefined {
    return this.#values.get(key);
  }

  set(key: string, value: Uint8Array): void {
    if (!this.#values.has(key)) this.#keys.splice(this.#placeOf(key), 0, key);
    this.#values.set(key, value);
  }

  delete(key: string): void {
    if (this.#values.delete(key)) this.#keys.splice(this.#placeOf(key), 1);
  }

  /** The pair of the greatest key that is not above this one. */
  upTo(key: string): readonly [string, Uint8Array] | undefined {
    const own = this.#values.get(key);
    if (own !== undefined) return [key, own];
    const before = this.#keys[this.#placeOf(key) - 1];
    const value = before === undefined ? undefined : this.#values.get(before);
    return before === undefined || value === undefined ? undefined : [before, value];
  }

  /** Pairs from one key to before another, as they are now. */
  range(from: string, to: string): (readonly [string, Uint8Array])[] {
    const pairs: (readonly [string, Uint8Array])[] = [];
    for (let at = this.#placeOf(from); at < this.#keys.length; at += 1) {
      const key = this.#keys[at];
      if (key === undefined || key >= to) break;
      const value = this.#values.get(key);
      if (value !== undefined) pairs.push([key, value]);
    }
    return pairs;
  }

  copy(): SortedMap {
    const copy = new SortedMap();
    for (const key of this.#keys) {
      const value = this.#values.get(key);
      if (value === undefined) continue;
      copy.#keys.push(key);
      copy.#values.set(key, value);
    }
    return copy;
  }

  /** Where the key is, or would be. */
  #placeOf(key: string): number {
    let low = 0;
    let high = this.#keys.length;
    // Most keys are new ones at the end of what is there, or of their kind.
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#keys[middle] ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
