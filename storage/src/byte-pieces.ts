// Small byte arrays cut from larger ones. An ArrayBuffer of its own costs a malloc, a free and work of the garbage
// collector; entries, keys and values are made by the thousand and live for a moment, until they are on the disk.

const CHUNK_BYTES = 32_768;
/** A larger one gets a buffer of its own, so that it keeps no others from being freed. */
const PIECE_BYTES_MAX = 4_096;

let chunk = new ArrayBuffer(CHUNK_BYTES);
let used = 0;

/**
 * All zeros, and nobody else's. Its buffer is shared: never transfer it, nor keep the piece for long, since it keeps
 * the whole chunk.
 */
export function pieceOf(length: number): Uint8Array<ArrayBuffer> {
  if (length > PIECE_BYTES_MAX) return new Uint8Array(length);
  if (used + length > CHUNK_BYTES) {
    chunk = new ArrayBuffer(CHUNK_BYTES);
    used = 0;
  }
  const piece = new Uint8Array(chunk, used, length);
  used += length;
  return piece;
}
