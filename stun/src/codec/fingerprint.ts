/* FINGERPRINT (RFC 8489, 14.7): CRC-32 of everything before it, with the length field counting it, xor "STUN". */
import {
  ATTRIBUTE,
  FINGERPRINT_BYTES,
  HEADER_BYTES,
  readU32,
  writeU16,
  writeU32,
} from './message.ts';

const FINGERPRINT_XOR = 0x5354554e;

const crcTable = new Uint32Array(256).map((_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

function fingerprintOf(bytes: Uint8Array, end: number): number {
  let crc = 0xffffffff;
  for (let at = 0; at < end; at += 1) {
    crc = (crc >>> 8) ^ (crcTable[(crc ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  }
  return (crc ^ 0xffffffff ^ FINGERPRINT_XOR) >>> 0;
}

/** Checks the FINGERPRINT whose attribute header begins at `at`, over the bytes as they were received. */
export function fingerprintHolds(bytes: Uint8Array, at: number): boolean {
  return readU32(bytes, at + 4) === fingerprintOf(bytes, at);
}

/** Appends a FINGERPRINT to the message of `length` bytes, corrects its length field, returns the new length. */
export function appendFingerprint(into: Uint8Array, length: number): number {
  const withFingerprint = length + FINGERPRINT_BYTES;
  writeU16(into, 2, withFingerprint - HEADER_BYTES);
  const value = fingerprintOf(into, length);
  writeU16(into, length, ATTRIBUTE.fingerprint);
  writeU16(into, length + 2, 4);
  writeU32(into, length + 4, value);
  return withFingerprint;
}
