/*
 * The server's half of reading: decides in one pass, without allocating, whether a datagram is a Binding
 * request that is to be answered, and how. Everything else is refused with a reason and gets no answer.
 */
import { AttributeCursor } from './attribute-cursor.ts';
import { fingerprintHolds } from './fingerprint.ts';
import {
  ATTRIBUTE,
  ATTRIBUTES_MAX,
  checkHeader,
  isUnknownRequired,
  MESSAGE_TYPE,
  NAT_DISCOVERY,
  readU16,
  readU32,
} from './message.ts';

/** Why a datagram is not answered. */
export type RequestRefusal =
  | 'not-stun'
  | 'too-long'
  | 'malformed'
  | 'too-many-attributes'
  | 'not-a-binding-request'
  | 'bad-fingerprint';

/** What the walk found; the caller owns one and gives it to each call again. */
export interface BindingRequest {
  /** The request carries a FINGERPRINT, so the answer does too. */
  fingerprint: boolean;
  /** CHANGE-REQUEST is understood (RFC 5780), else it is one more unknown attribute. */
  readonly natDiscovery: boolean;
  /** The answer is to come from the other address. */
  changeAddress: boolean;
  /** The answer is to come from the other port. */
  changePort: boolean;
  /** How many entries of `unknown` count. */
  unknownCount: number;
  /** Comprehension-required attributes that are not understood, each type once. */
  readonly unknown: Uint16Array;
}

export function createBindingRequest(natDiscovery = false): BindingRequest {
  return {
    fingerprint: false,
    natDiscovery,
    changeAddress: false,
    changePort: false,
    unknownCount: 0,
    unknown: new Uint16Array(ATTRIBUTES_MAX),
  };
}

const MESSAGE_INTEGRITY_BYTES = 20;
const CHANGE_REQUEST_BYTES = 4;
const CHANGE_ADDRESS_FLAG = 4;
const CHANGE_PORT_FLAG = 2;
const cursor = new AttributeCursor();

/** Judges one datagram. Never throws and never reads past its end. */
export function decodeBindingRequest(
  bytes: Uint8Array,
  into: BindingRequest,
): 'request' | RequestRefusal {
  into.fingerprint = false;
  into.changeAddress = false;
  into.changePort = false;
  into.unknownCount = 0;
  const header = checkHeader(bytes);
  if (header !== 'ok') return header;
  if (readU16(bytes, 0) !== MESSAGE_TYPE.bindingRequest) return 'not-a-binding-request';
  let integritySeen = false;
  let changeSeen = false;
  cursor.start(bytes);
  for (;;) {
    const step = cursor.next();
    if (step === 'end') return 'request';
    if (step !== 'attribute') return step;
    // FINGERPRINT is the last attribute (RFC 8489, 14.7).
    if (into.fingerprint) return 'malformed';
    if (cursor.type === ATTRIBUTE.fingerprint) {
      if (cursor.valueBytes !== 4) return 'malformed';
      if (!fingerprintHolds(bytes, cursor.at)) return 'bad-fingerprint';
      into.fingerprint = true;
    } else if (isIntegrity(cursor.type)) {
      if (!integrityLengthHolds(cursor.type, cursor.valueBytes)) return 'malformed';
      integritySeen = true;
    } else if (cursor.type === NAT_DISCOVERY.changeRequest && into.natDiscovery) {
      if (cursor.valueBytes !== CHANGE_REQUEST_BYTES) return 'malformed';
      // Only the first of a kind counts (RFC 8489, 14).
      if (!integritySeen && !changeSeen) noteChange(into, readU32(bytes, cursor.valueAt));
      changeSeen = true;
    } else if (!integritySeen && isUnknownRequired(cursor.type)) {
      // What follows MESSAGE-INTEGRITY is ignored (RFC 8489, 14.5).
      noteUnknown(into, cursor.type);
    }
  }
}

function isIntegrity(type: number): boolean {
  return type === ATTRIBUTE.messageIntegrity || type === ATTRIBUTE.messageIntegritySha256;
}

function integrityLengthHolds(type: number, length: number): boolean {
  if (type === ATTRIBUTE.messageIntegrity) return length === MESSAGE_INTEGRITY_BYTES;
  return length >= 16 && length <= 32 && length % 4 === 0;
}

function noteChange(into: BindingRequest, flags: number): void {
  into.changeAddress = (flags & CHANGE_ADDRESS_FLAG) !== 0;
  into.changePort = (flags & CHANGE_PORT_FLAG) !== 0;
}

function noteUnknown(into: BindingRequest, type: number): void {
  for (let index = 0; index < into.unknownCount; index += 1) {
    if (into.unknown[index] === type) return;
  }
  into.unknown[into.unknownCount] = type;
  into.unknownCount += 1;
}
