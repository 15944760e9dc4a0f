/* The client's half: a Binding request, and what its answer says. Used by the probe and the tests of a NAT. */
import { AttributeCursor } from './attribute-cursor.ts';
import { appendFingerprint, fingerprintHolds } from './fingerprint.ts';
import { formatIpAddress, IPV4_BYTES, IPV6_BYTES } from './ip-address.ts';
import {
  ADDRESS_FAMILY,
  ATTRIBUTE,
  checkHeader,
  FINGERPRINT_BYTES,
  HEADER_BYTES,
  isUnknownRequired,
  MAGIC_COOKIE,
  MESSAGE_TYPE,
  NAT_DISCOVERY,
  readU16,
  TRANSACTION_ID_AT,
  TRANSACTION_ID_BYTES,
  writeU16,
  writeU32,
} from './message.ts';

/** From where the answer is wanted: the server's other address, its other port, or both (RFC 5780, 7.2). */
export type ChangeRequest = 'port' | 'address and port';

const CHANGE_BYTES = 8;
const CHANGE_FLAGS: Readonly<Record<ChangeRequest, number>> = { port: 2, 'address and port': 6 };

/** Makes a Binding request for a transaction id of 12 random bytes. */
export function encodeBindingRequest(
  transactionId: Uint8Array,
  { fingerprint = false, change }: { fingerprint?: boolean; change?: ChangeRequest } = {},
): Uint8Array {
  const plainBytes = HEADER_BYTES + (change === undefined ? 0 : CHANGE_BYTES);
  const bytes = new Uint8Array(plainBytes + (fingerprint ? FINGERPRINT_BYTES : 0));
  writeU16(bytes, 0, MESSAGE_TYPE.bindingRequest);
  writeU16(bytes, 2, plainBytes - HEADER_BYTES);
  writeU32(bytes, 4, MAGIC_COOKIE);
  bytes.set(transactionId.subarray(0, TRANSACTION_ID_BYTES), TRANSACTION_ID_AT);
  if (change !== undefined) {
    writeU16(bytes, HEADER_BYTES, NAT_DISCOVERY.changeRequest);
    writeU16(bytes, HEADER_BYTES + 2, 4);
    writeU32(bytes, HEADER_BYTES + 4, CHANGE_FLAGS[change]);
  }
  if (fingerprint) appendFingerprint(bytes, plainBytes);
  return bytes;
}

/** What a datagram says to the client that waits for the answer of one transaction. */
export type BindingAnswer =
  | {
      readonly kind: 'success';
      readonly address: string;
      readonly family: 4 | 6;
      readonly port: number;
      readonly fingerprint: boolean;
      /** Where the server listens too, when it lets NATs be tested. */
      readonly other: Endpoint | undefined;
    }
  | {
      readonly kind: 'error';
      readonly code: number;
      readonly unknown: readonly number[];
    }
  /** Not the answer of this transaction, or damaged: to be ignored, the right one may still come. */
  | { readonly kind: 'ignored' };

export interface Endpoint {
  readonly address: string;
  readonly family: 4 | 6;
  readonly port: number;
}

const IGNORED: BindingAnswer = { kind: 'ignored' };

/** Reads a success or error answer. Never throws. */
export function decodeBindingAnswer(bytes: Uint8Array, transactionId: Uint8Array): BindingAnswer {
  if (checkHeader(bytes) !== 'ok') return IGNORED;
  const type = readU16(bytes, 0);
  if (type !== MESSAGE_TYPE.bindingSuccess && type !== MESSAGE_TYPE.bindingError) return IGNORED;
  for (let at = 0; at < TRANSACTION_ID_BYTES; at += 1) {
    if (bytes[TRANSACTION_ID_AT + at] !== transactionId[at]) return IGNORED;
  }
  const found = collect(bytes);
  if (found === undefined) return IGNORED;
  const { mapped, other, errorCode, unknown, fingerprint } = found;
  if (type === MESSAGE_TYPE.bindingError) {
    return errorCode === 0 ? IGNORED : { kind: 'error', code: errorCode, unknown };
  }
  return mapped === undefined ? IGNORED : { kind: 'success', ...mapped, fingerprint, other };
}

interface Collected {
  mapped: Endpoint | undefined;
  other: Endpoint | undefined;
  errorCode: number;
  unknown: number[];
  fingerprint: boolean;
}

/** Undefined when an attribute is damaged, or has to be understood and is not (RFC 8489, 6.3.3). */
function collect(bytes: Uint8Array): Collected | undefined {
  const found: Collected = {
    mapped: undefined,
    other: undefined,
    errorCode: 0,
    unknown: [],
    fingerprint: false,
  };
  const cursor = new AttributeCursor();
  cursor.start(bytes);
  for (;;) {
    const step = cursor.next();
    if (step === 'end') return found;
    if (step !== 'attribute' || found.fingerprint || !take(bytes, cursor, found)) return undefined;
  }
}

function take(bytes: Uint8Array, cursor: AttributeCursor, found: Collected): boolean {
  const { type, valueAt, valueBytes } = cursor;
  switch (type) {
    case ATTRIBUTE.xorMappedAddress:
      // Only the first of a kind counts (RFC 8489, 14).
      found.mapped ??= decodeAddress(bytes, valueAt, valueBytes, true);
      return found.mapped !== undefined;
    case NAT_DISCOVERY.otherAddress:
      found.other ??= decodeAddress(bytes, valueAt, valueBytes, false);
      return true;
    case ATTRIBUTE.errorCode:
      if (valueBytes < 4) return false;
      found.errorCode ||=
        ((readU16(bytes, valueAt + 2) >>> 8) & 7) * 100 + (bytes[valueAt + 3] ?? 0);
      return true;
    case ATTRIBUTE.unknownAttributes:
      for (let at = 0; at + 1 < valueBytes; at += 2)
        found.unknown.push(readU16(bytes, valueAt + at));
      return true;
    case ATTRIBUTE.fingerprint:
      found.fingerprint = valueBytes === 4 && fingerprintHolds(bytes, cursor.at);
      return found.fingerprint;
    default:
      return !isUnknownRequired(type);
  }
}

function decodeAddress(
  bytes: Uint8Array,
  at: number,
  length: number,
  isXored: boolean,
): Endpoint | undefined {
  const family = bytes[at + 1];
  const ipv4 = family === ADDRESS_FAMILY.ipv4 && length === 4 + IPV4_BYTES;
  const ipv6 = family === ADDRESS_FAMILY.ipv6 && length === 4 + IPV6_BYTES;
  if (!ipv4 && !ipv6) return undefined;
  const address = new Uint8Array(length - 4);
  for (let index = 0; index < address.length; index += 1) {
    address[index] = (bytes[at + 4 + index] ?? 0) ^ (isXored ? (bytes[4 + index] ?? 0) : 0);
  }
  return {
    address: formatIpAddress(address),
    family: ipv4 ? 4 : 6,
    port: readU16(bytes, at + 2) ^ (isXored ? MAGIC_COOKIE >>> 16 : 0),
  };
}
