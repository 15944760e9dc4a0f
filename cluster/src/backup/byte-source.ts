// Bytes in pieces of the size that is asked for, out of pieces of any size.

export class ByteSource {
  readonly #pieces: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array(0);
  #offset = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#pieces = source[Symbol.asyncIterator]();
  }

  /** How many were taken. */
  get offset(): number {
    return this.#offset;
  }

  /** Undefined if there are not so many left. */
  async take(length: number): Promise<Uint8Array | undefined> {
    const pieces = [this.#rest];
    let held = this.#rest.length;
    while (held < length) {
      const next = await this.#pieces.next();
      if (next.done === true) return undefined;
      pieces.push(next.value);
      held += next.value.length;
    }
    const whole = pieces.length === 1 ? this.#rest : Buffer.concat(pieces, held);
    this.#rest = whole.subarray(length);
    this.#offset += length;
    return whole.subarray(0, length);
  }

  async isAtEnd(): Promise<boolean> {
    while (this.#rest.length === 0) {
      const next = await this.#pieces.next();
      if (next.done === true) return true;
      this.#rest = next.value;
    }
    return false;
  }
}
