// Reading and writing big-endian fields. The reader never throws: past the end, or at a number that
// is no safe integer, it turns bad and stays bad, and the decoder asks once at its end.

import { pieceOf } from '@rockpool/storage';

const SAFE_HIGH = 0x20_00_00;
const WORD = 0x1_0000_0000;
/** Each byte of a LEB128 number carries seven bits, the lowest first, and this bit where more follow. */
const VARINT_MORE = 0x80;
const VARINT_BYTES_MAX = 8;

export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #bad = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bytes not read yet; 0 once a read has failed. */
  get left(): number {
    return this.#bad ? 0 : this.#bytes.length - this.#at;
  }

  /** Whether every read succeeded and nothing is left over. */
  get complete(): boolean {
    return !this.#bad && this.#at === this.#bytes.length;
  }

  get bad(): boolean {
    return this.#bad;
  }

  fail(): void {
    this.#bad = true;
  }

  u8(): number {
    return this.#has(1) ? this.#byte(this.#at++) : 0;
  }

  u16(): number {
    if (!this.#has(2)) return 0;
    const at = this.#skip(2);
    return this.#byte(at) * 0x100 + this.#byte(at + 1);
  }

  u32(): number {
    return this.#has(4) ? this.#word(this.#skip(4)) : 0;
  }

  i32(): number {
    return this.#has(4) ? this.#word(this.#skip(4)) | 0 : 0;
  }

  /** Eight bytes that must hold a safe integer (below 2^53). */
  u64(): number {
    if (!this.#has(8)) return 0;
    const high = this.#word(this.#at);
    if (high >= SAFE_HIGH) {
      this.#bad = true;
      return 0;
    }
    return high * WORD + this.#word(this.#skip(8) + 4);
  }

  /** LEB128 of a safe integer, in as few bytes as it needs. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let length = 1; length <= VARINT_BYTES_MAX; length += 1) {
      const byte = this.u8();
      value += (byte % VARINT_MORE) * scale;
      if (byte < VARINT_MORE) {
        const isShort = byte > 0 || length === 1;
        if (!isShort || !Number.isSafeInteger(value)) break;
        return value;
      }
      scale *= VARINT_MORE;
    }
    this.#bad = true;
    return 0;
  }

  /** A view, not a copy. */
  bytes(length: number): Uint8Array {
    if (!this.#has(length)) return new Uint8Array(0);
    const start = this.#skip(length);
    return this.#bytes.subarray(start, start + length);
  }

  rest(): Uint8Array {
    return this.bytes(this.left);
  }

  // By hand: a DataView would be one more object for each reader, and its making costs more than all its reads.
  #word(at: number): number {
    const low = (this.#byte(at + 1) << 16) | (this.#byte(at + 2) << 8) | this.#byte(at + 3);
    return this.#byte(at) * 0x1_00_00_00 + low;
  }

  #byte(at: number): number {
    return this.#bytes[at] ?? 0;
  }

  #has(length: number): boolean {
    if (!this.#bad && this.#bytes.length - this.#at >= length) return true;
    this.#bad = true;
    return false;
  }

  #skip(length: number): number {
    const start = this.#at;
    this.#at += length;
    return start;
  }
}

/** Writes into a buffer of exactly the announced length; finish() asserts that it was filled. */
export class ByteWriter {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(length: number) {
    this.#bytes = pieceOf(length);
  }

  /** Writes over what it wrote. */
  again(): this {
    this.#at = 0;
    return this;
  }

  u8(value: number): this {
    this.#bytes[this.#at++] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#at;
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    this.#at = at + 2;
    return this;
  }

  u32(value: number): this {
    const at = this.#at;
    this.#word(at, value);
    this.#at = at + 4;
    return this;
  }

  /** The same bytes: two's complement. */
  i32(value: number): this {
    return this.u32(value);
  }

  u64(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a u64: ${value}`);
    const at = this.#at;
    this.#word(at, value / WORD);
    this.#word(at + 4, value);
    this.#at = at + 8;
    return this;
  }

  varint(value: number): this {
    if (!Number.isSafeInteger(value) || value < 0) throw new Error(`not a varint: ${value}`);
    let rest = value;
    while (rest >= VARINT_MORE) {
      this.u8((rest % VARINT_MORE) + VARINT_MORE);
      rest = Math.floor(rest / VARINT_MORE);
    }
    return this.u8(rest);
  }

  bytes(value: Uint8Array): this {
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
    return this;
  }

  // The shifts take a number modulo 2^32, and round it down: that is its low word, and of a quotient the high one.
  #word(at: number, value: number): void {
    const bytes = this.#bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }

  finish(): Uint8Array {
    if (this.#at !== this.#bytes.length)
      throw new Error('encoded length differs from the announced');
    return this.#bytes;
  }
}

export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= VARINT_MORE; rest = Math.floor(rest / VARINT_MORE)) bytes += 1;
  return bytes;
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
