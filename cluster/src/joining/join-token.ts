// What an operator carries from a member to a new machine, [JOIN-1]: where a member is reached, the fingerprint of its
// certificate, and a secret. As text: base64url of version u8 = 1 | fingerprint (32) | secret (16) | address | the first four bytes
// of the SHA-256 of all before, so that a token that was cut off on its way is told from one that is refused.

import { createHash } from 'node:crypto';
import { ByteReader, ByteWriter, fromHex, toHex } from '../format/bytes.ts';
import { parseAddress } from '../peer/peer-ports.ts';

const VERSION = 1;
export const SECRET_BYTES = 16;
const CHECK_BYTES = 4;
const TEXT_LENGTH_MAX = 512;

export interface JoinToken {
  /** host:port of the peer port of a member. */
  readonly address: string;
  /** SHA-256 of that member's certificate, lower-case hex. */
  readonly fingerprint: string;
  readonly secret: Uint8Array;
}

export function encodeJoinToken({ address, fingerprint, secret }: JoinToken): string {
  const where = Buffer.from(address);
  const body = new ByteWriter(1 + 32 + SECRET_BYTES + where.length)
    .u8(VERSION)
    .bytes(fromHex(fingerprint))
    .bytes(secret)
    .bytes(where)
    .finish();
  return Buffer.concat([body, checkOf(body)]).toString('base64url');
}

/** Undefined for anything that encodeJoinToken did not make. */
export function decodeJoinToken(text: string): JoinToken | undefined {
  if (text.length > TEXT_LENGTH_MAX) return undefined;
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') !== text) return undefined;
  const body = bytes.subarray(0, Math.max(0, bytes.length - CHECK_BYTES));
  if (!Buffer.from(checkOf(body)).equals(bytes.subarray(body.length))) return undefined;
  const reader = new ByteReader(body);
  const version = reader.u8();
  const fingerprint = toHex(reader.bytes(32));
  const secret = Uint8Array.from(reader.bytes(SECRET_BYTES));
  const address = Buffer.from(reader.rest()).toString();
  const isToken = reader.complete && version === VERSION && parseAddress(address) !== undefined;
  return isToken ? { address, fingerprint, secret } : undefined;
}

function checkOf(body: Uint8Array): Uint8Array {
  return createHash('sha256').update(body).digest().subarray(0, CHECK_BYTES);
}
