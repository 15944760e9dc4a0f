/*
 * Walks the attributes of a message whose header was checked. One cursor is used again for each message, so
 * that a walk allocates nothing. It steps forward by at least four bytes and stops at a named count.
 */
import {
  ATTRIBUTE_HEADER_BYTES,
  ATTRIBUTES_MAX,
  HEADER_BYTES,
  paddedBytes,
  readU16,
} from './message.ts';

export type CursorStep = 'attribute' | 'end' | 'malformed' | 'too-many-attributes';

export class AttributeCursor {
  type = 0;
  /** Where the attribute begins, its header included. */
  at = 0;
  valueAt = 0;
  valueBytes = 0;
  #bytes: Uint8Array = new Uint8Array(0);
  #nextAt = 0;
  #seen = 0;

  start(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#nextAt = HEADER_BYTES;
    this.#seen = 0;
  }

  next(): CursorStep {
    const left = this.#bytes.length - this.#nextAt;
    if (left === 0) return 'end';
    if (left < ATTRIBUTE_HEADER_BYTES) return 'malformed';
    if (this.#seen === ATTRIBUTES_MAX) return 'too-many-attributes';
    this.#seen += 1;
    this.at = this.#nextAt;
    this.type = readU16(this.#bytes, this.at);
    this.valueBytes = readU16(this.#bytes, this.at + 2);
    this.valueAt = this.at + ATTRIBUTE_HEADER_BYTES;
    const wholeBytes = ATTRIBUTE_HEADER_BYTES + paddedBytes(this.valueBytes);
    if (wholeBytes > left) return 'malformed';
    this.#nextAt = this.at + wholeBytes;
    return 'attribute';
  }
}
