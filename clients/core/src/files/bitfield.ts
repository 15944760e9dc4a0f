// Which blocks of a file are held: one bit each, the first block in the highest bit of the first
// byte.

import type { Bytes } from '@rockpool/protocol';

export class Bitfield {
  readonly length: number;
  readonly bits: Bytes;
  #count = 0;

  constructor(length: number, bits?: Bytes) {
    this.length = length;
    this.bits = new Uint8Array(Math.ceil(length / 8));
    if (bits !== undefined) this.merge(0, bits);
  }

  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count === this.length;
  }

  has(index: number): boolean {
    return (((this.bits[index >> 3] ?? 0) >> (7 - (index & 7))) & 1) === 1;
  }

  /** False if it was set already or lies outside. */
  set(index: number): boolean {
    if (index < 0 || index >= this.length || this.has(index)) return false;
    this.bits[index >> 3] = (this.bits[index >> 3] ?? 0) | (128 >> (index & 7));
    this.#count++;
    return true;
  }

  fill(): void {
    for (let index = 0; index < this.length; index++) this.set(index);
  }

  /** Sets what the page, whose first bit is block `from`, has set; calls back for each new one. */
  merge(from: number, page: Bytes, onSet?: (index: number) => void): void {
    const end = Math.min(this.length, from + page.length * 8);
    for (let index = from; index < end; index++) {
      const at = index - from;
      const held = (((page[at >> 3] ?? 0) >> (7 - (at & 7))) & 1) === 1;
      if (held && this.set(index)) onSet?.(index);
    }
  }
}
