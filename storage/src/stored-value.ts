// Every value in the store, [STO-1]: version u8 (1) | CRC-32 u32 over key, version and payload |
// payload. LevelDB does not check blocks when it reads them, so that bit rot would be served as good
// data; the key is covered so that a value under a wrong key is damage too.

import { crc32 } from 'node:zlib';
import { pieceOf } from './byte-pieces.ts';

const STORED_VALUE_VERSION = 1;
const VERSION_BYTE = Uint8Array.of(STORED_VALUE_VERSION);
const HEADER_BYTES = 5;

export type StoredValue =
  | { readonly ok: true; readonly payload: Uint8Array }
  | { readonly ok: false; readonly code: 'STORE_DAMAGED' | 'STORE_VERSION' };

export function encodeStoredValue(key: Uint8Array, payload: Uint8Array): Uint8Array {
  const value = pieceOf(HEADER_BYTES + payload.length);
  const crc = crc32(payload, crc32(VERSION_BYTE, crc32(key)));
  value[0] = STORED_VALUE_VERSION;
  value[1] = crc >>> 24;
  value[2] = crc >>> 16;
  value[3] = crc >>> 8;
  value[4] = crc;
  value.set(payload, HEADER_BYTES);
  return value;
}

/** A checksum that holds under an unknown version byte is another version's value, not damage. */
export function decodeStoredValue(key: Uint8Array, value: Uint8Array): StoredValue {
  if (value.length < HEADER_BYTES) return { ok: false, code: 'STORE_DAMAGED' };
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  if (view.getUint32(1) !== checksum(key, value)) return { ok: false, code: 'STORE_DAMAGED' };
  if (value[0] !== STORED_VALUE_VERSION) return { ok: false, code: 'STORE_VERSION' };
  return { ok: true, payload: value.subarray(HEADER_BYTES) };
}

function checksum(key: Uint8Array, value: Uint8Array): number {
  return crc32(value.subarray(HEADER_BYTES), crc32(value.subarray(0, 1), crc32(key)));
}
