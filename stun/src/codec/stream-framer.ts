/*
 * Cuts a byte stream into messages: over TCP they follow each other, told apart by the length in their
 * headers (RFC 8489, 6.2.2). It keeps less than one message, however slowly the bytes come.
 */
import { framedBytes, HEADER_BYTES } from './message.ts';

export class StreamFramer {
  #pending: Uint8Array = new Uint8Array(0);

  /**
   * Gives each whole message to `take`, which says whether to go on. False when it said no, or when the
   * bytes are no STUN: nothing that follows in this stream means anything.
   */
  feed(chunk: Uint8Array, take: (message: Uint8Array) => boolean): boolean {
    const bytes = this.#pending.length === 0 ? chunk : joined(this.#pending, chunk);
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const messageBytes = framedBytes(bytes.subarray(at, at + HEADER_BYTES));
      if (messageBytes === 0) return false;
      if (bytes.length - at < messageBytes) break;
      if (!take(bytes.subarray(at, at + messageBytes))) return false;
      at += messageBytes;
    }
    this.#pending = bytes.slice(at);
    return true;
  }
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}
