/* STUN messages made by hand for the tests, by Node's own CRC-32, not by the codec they test. */
import { crc32 } from 'node:zlib';

export const TRANSACTION_ID = fromHex('000102030405060708090a0b');

export function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex.replace(/\s/g, ''), 'hex'));
}

/** A Binding request of these bytes, taken as they are. */
export function message(...parts: Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const header = Buffer.concat([fromHex('000100002112a442'), TRANSACTION_ID]);
  header.writeUInt16BE(body.length, 2);
  return Uint8Array.from(Buffer.concat([header, body]));
}

export function attribute(type: number, value: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  bytes.set(value, 4);
  return Uint8Array.from(bytes);
}

/** Appends FINGERPRINT; `length` is what the header says meanwhile, when that is not the truth. */
export function withFingerprint(plain: Uint8Array, length = plain.length - 20 + 8): Uint8Array {
  const bytes = Buffer.concat([plain, fromHex('8028000400000000')]);
  bytes.writeUInt16BE(length, 2);
  const crc = (crc32(bytes.subarray(0, plain.length)) ^ 0x5354554e) >>> 0;
  bytes.writeUInt32BE(crc, plain.length + 4);
  return Uint8Array.from(bytes);
}

/** XOR-MAPPED-ADDRESS with a family as four hex digits and a value of so many bytes. */
export function xorAddress(family: string, valueBytes: number): Uint8Array {
  const value = new Uint8Array(valueBytes);
  value.set(fromHex(family));
  return attribute(0x0020, value);
}
