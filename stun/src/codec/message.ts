/*
 * The vocabulary of STUN (RFC 8489): message types, attribute types, sizes, and big-endian access to bytes.
 * Reading past the end gives 0, never a throw; callers compare lengths first where it matters.
 */

export const HEADER_BYTES = 20;
export const TRANSACTION_ID_BYTES = 12;
export const TRANSACTION_ID_AT = 8;
export const ATTRIBUTE_HEADER_BYTES = 4;
export const FINGERPRINT_BYTES = 8;
export const MAGIC_COOKIE = 0x2112a442;

/** A Binding request has to fit one unfragmented datagram (RFC 8489, 6.1); longer ones are not looked at. */
export const MESSAGE_BYTES_MAX = 1500;
/** Attributes walked in one message. */
export const ATTRIBUTES_MAX = 128;

export const MESSAGE_TYPE = {
  bindingRequest: 0x0001,
  bindingSuccess: 0x0101,
  bindingError: 0x0111,
} as const;

export const ATTRIBUTE = {
  mappedAddress: 0x0001,
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  unknownAttributes: 0x000a,
  realm: 0x0014,
  nonce: 0x0015,
  messageIntegritySha256: 0x001c,
  passwordAlgorithm: 0x001d,
  userhash: 0x001e,
  xorMappedAddress: 0x0020,
  fingerprint: 0x8028,
} as const;

/** Understood only by a server that was given two addresses and two ports (RFC 5780). */
export const NAT_DISCOVERY = {
  changeRequest: 0x0003,
  responseOrigin: 0x802b,
  otherAddress: 0x802c,
} as const;

export const ADDRESS_FAMILY = { ipv4: 1, ipv6: 2 } as const;

const REQUIRED_BELOW = 0x8000;
const understood: ReadonlySet<number> = new Set(Object.values(ATTRIBUTE));

/** True for an attribute that must be understood, and is not (RFC 8489, 14: comprehension-required). */
export function isUnknownRequired(type: number): boolean {
  return type < REQUIRED_BELOW && !understood.has(type);
}

export function readU16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function readU32(bytes: Uint8Array, at: number): number {
  return ((readU16(bytes, at) << 16) | readU16(bytes, at + 2)) >>> 0;
}

export function writeU16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

export function writeU32(bytes: Uint8Array, at: number, value: number): void {
  writeU16(bytes, at, value >>> 16);
  writeU16(bytes, at + 2, value & 0xffff);
}

/** Attribute values are padded to a multiple of four (RFC 8489, 14). */
export function paddedBytes(length: number): number {
  return (length + 3) & ~3;
}

export type HeaderVerdict = 'ok' | 'not-stun' | 'too-long' | 'malformed';

/** The length of the message that this header begins; 0 when it is no STUN, or longer than is looked at. */
export function framedBytes(header: Uint8Array): number {
  if (((header[0] ?? 0) & 0xc0) !== 0 || readU32(header, 4) !== MAGIC_COOKIE) return 0;
  const length = readU16(header, 2);
  const wholeBytes = HEADER_BYTES + length;
  return length % 4 === 0 && wholeBytes <= MESSAGE_BYTES_MAX ? wholeBytes : 0;
}

/** Judges the fixed header: the magic cookie first, then sizes. One datagram is exactly one message. */
export function checkHeader(bytes: Uint8Array): HeaderVerdict {
  if (bytes.length < HEADER_BYTES || readU32(bytes, 4) !== MAGIC_COOKIE) return 'not-stun';
  if (((bytes[0] ?? 0) & 0xc0) !== 0) return 'not-stun';
  if (bytes.length > MESSAGE_BYTES_MAX) return 'too-long';
  const length = readU16(bytes, 2);
  if (length % 4 !== 0 || length + HEADER_BYTES !== bytes.length) return 'malformed';
  return 'ok';
}
