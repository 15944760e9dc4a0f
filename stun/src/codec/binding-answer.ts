/*
 * The server's half of writing: the two answers there are, into a buffer of the caller's. No SOFTWARE and no
 * MAPPED-ADDRESS, so that an answer is as short as it can be and the server is a poor amplifier.
 */
import type { BindingRequest } from './binding-request.ts';
import { appendFingerprint } from './fingerprint.ts';
import {
  ADDRESS_FAMILY,
  ATTRIBUTE,
  ATTRIBUTE_HEADER_BYTES,
  ATTRIBUTES_MAX,
  FINGERPRINT_BYTES,
  HEADER_BYTES,
  MAGIC_COOKIE,
  MESSAGE_TYPE,
  paddedBytes,
  TRANSACTION_ID_BYTES,
  writeU16,
  writeU32,
} from './message.ts';

const REASON = 'Unknown Attribute';
const ERROR_CODE_BYTES = 4 + REASON.length;
const ERROR_HEAD_BYTES =
  HEADER_BYTES + ATTRIBUTE_HEADER_BYTES + paddedBytes(ERROR_CODE_BYTES) + ATTRIBUTE_HEADER_BYTES;

/** A buffer of this size holds every answer. */
export const ANSWER_BYTES_MAX =
  ERROR_HEAD_BYTES + paddedBytes(2 * ATTRIBUTES_MAX) + FINGERPRINT_BYTES;

/** Where a request came from, as bytes. */
export interface SourceAddress {
  /** 4 or 16 bytes of `address` count. */
  addressBytes: 4 | 16;
  address: Uint8Array;
  port: number;
}

function writeHeader(into: Uint8Array, type: number, length: number, request: Uint8Array): void {
  writeU16(into, 0, type);
  writeU16(into, 2, length - HEADER_BYTES);
  for (let at = 4; at < 8 + TRANSACTION_ID_BYTES; at += 1) into[at] = request[at] ?? 0;
}

/**
 * Writes the success answer to a request and returns its length: 32 (IPv4) or 44 (IPv6), 8 more with FINGERPRINT, and
 * what `extra` holds: whole attributes, as they are.
 */
export function encodeBindingSuccess(
  into: Uint8Array,
  request: Uint8Array,
  found: BindingRequest,
  source: SourceAddress,
  extra: readonly (Uint8Array | undefined)[] = [],
): number {
  const { address, addressBytes } = source;
  let length = HEADER_BYTES + ATTRIBUTE_HEADER_BYTES + 4 + addressBytes;
  const extraAt = length;
  for (const attribute of extra) length += attribute?.length ?? 0;
  writeHeader(into, MESSAGE_TYPE.bindingSuccess, length, request);
  writeU16(into, 20, ATTRIBUTE.xorMappedAddress);
  writeU16(into, 22, 4 + addressBytes);
  writeU16(into, 24, addressBytes === 4 ? ADDRESS_FAMILY.ipv4 : ADDRESS_FAMILY.ipv6);
  writeU16(into, 26, source.port ^ (MAGIC_COOKIE >>> 16));
  // The xor key is the magic cookie and the transaction id: bytes 4 to 19 of this very message.
  for (let at = 0; at < addressBytes; at += 1)
    into[28 + at] = (address[at] ?? 0) ^ (into[4 + at] ?? 0);
  let at = extraAt;
  for (const attribute of extra) {
    if (attribute === undefined) continue;
    into.set(attribute, at);
    at += attribute.length;
  }
  return found.fingerprint ? appendFingerprint(into, length) : length;
}

/** Writes the 420 answer that lists the unknown attributes; never longer than its request plus 32 bytes. */
export function encodeUnknownAttributes(
  into: Uint8Array,
  request: Uint8Array,
  found: BindingRequest,
): number {
  const listBytes = 2 * found.unknownCount;
  const length = ERROR_HEAD_BYTES + paddedBytes(listBytes);
  into.fill(0, HEADER_BYTES, length);
  writeHeader(into, MESSAGE_TYPE.bindingError, length, request);
  writeU16(into, 20, ATTRIBUTE.errorCode);
  writeU16(into, 22, ERROR_CODE_BYTES);
  writeU32(into, 24, (4 << 8) | 20);
  for (let at = 0; at < REASON.length; at += 1) into[28 + at] = REASON.charCodeAt(at);
  const listAt = 28 + paddedBytes(REASON.length);
  writeU16(into, listAt, ATTRIBUTE.unknownAttributes);
  writeU16(into, listAt + 2, listBytes);
  for (let index = 0; index < found.unknownCount; index += 1) {
    writeU16(into, listAt + 4 + 2 * index, found.unknown[index] ?? 0);
  }
  return found.fingerprint ? appendFingerprint(into, length) : length;
}

/** An attribute that names an address of 4 or 16 bytes as it is, not XORed (RFC 8489, 14.1). */
export function encodeAddressAttribute(
  type: number,
  address: Uint8Array,
  port: number,
): Uint8Array {
  const bytes = new Uint8Array(ATTRIBUTE_HEADER_BYTES + 4 + address.length);
  writeU16(bytes, 0, type);
  writeU16(bytes, 2, 4 + address.length);
  writeU16(bytes, 4, address.length === 4 ? ADDRESS_FAMILY.ipv4 : ADDRESS_FAMILY.ipv6);
  writeU16(bytes, 6, port);
  bytes.set(address, 8);
  return bytes;
}
