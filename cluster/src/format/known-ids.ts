// Ids in both their forms. Every frame and many a record name the same few nodes, this cluster and these boots: what was
// converted once is looked up.

import { fromHex, toHex } from './bytes.ts';

/** More are never in use; whoever sends random ones gets them converted one by one. */
const IDS_MAX = 256;

interface Known {
  readonly id: string;
  readonly bytes: Uint8Array;
}

export class KnownIds {
  readonly #bytes = new Map<string, Uint8Array>();
  /** By their first four bytes; of two ids that begin alike only the newer one is known. */
  readonly #ids = new Map<number, Known>();

  bytesOf(id: string): Uint8Array {
    const known = this.#bytes.get(id);
    if (known !== undefined) return known;
    if (this.#bytes.size >= IDS_MAX) this.#bytes.clear();
    const bytes = fromHex(id);
    this.#bytes.set(id, bytes);
    return bytes;
  }

  /** Of four bytes or more. */
  idOf(bytes: Uint8Array): string {
    const begin = beginOf(bytes);
    const known = this.#ids.get(begin);
    if (known !== undefined && isSame(known.bytes, bytes)) return known.id;
    if (this.#ids.size >= IDS_MAX) this.#ids.clear();
    const id = toHex(bytes);
    this.#ids.set(begin, { id, bytes: bytes.slice() });
    return id;
  }
}

/** Of this process: all that it sends and stores names the same few. */
export const KNOWN_IDS = new KnownIds();

function beginOf(bytes: Uint8Array): number {
  const low = ((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  return ((bytes[0] ?? 0) << 24) | low;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false;
  for (let at = 0; at < one.length; at += 1) if (one[at] !== other[at]) return false;
  return true;
}
