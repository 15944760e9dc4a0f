// Domain-separated hashing and the input of every signature: ASCII tag, one zero byte, the parts
// in the order written (all but the last of fixed length). A hash or signature made for one purpose
// can so never be presented for another.

import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { type Bytes, concatBytes, utf8 } from './bytes.ts';

export type SignTag = 'stmt' | 'enrol' | 'sdp' | 'ws' | 'head' | 'record' | 'circuit' | 'admit';
export type HashTag =
  | 'link'
  | 'register'
  | 'device'
  | 'handle'
  | 'recovery'
  | 'state'
  | 'recordlink'
  | 'body'
  | 'meetcommit'
  | 'meetdigits';
export type MacTag = 'meetmac';

/** The bytes that a signature covers (or, for enrol, that a passkey's challenge is the hash of). */
export function signInput(tag: SignTag, ...parts: readonly Bytes[]): Bytes {
  return concatBytes(utf8(`rockpool/${tag}/v1`), ZERO, ...parts);
}

export function taggedHash(tag: HashTag | 'enrol', ...parts: readonly Bytes[]): Bytes {
  return sha256(concatBytes(utf8(`rockpool/${tag}/v1`), ZERO, ...parts));
}

/** HMAC-SHA-256 (RFC 2104) under a shared secret. */
export function taggedMac(tag: MacTag, secret: Bytes, ...parts: readonly Bytes[]): Bytes {
  return hmac(sha256, secret, concatBytes(utf8(`rockpool/${tag}/v1`), ZERO, ...parts));
}

/** Plain SHA-256, for what other standards define (certificate fingerprints, clientDataJSON). */
export function sha256Bytes(bytes: Bytes): Bytes {
  return sha256(bytes);
}

const ZERO = new Uint8Array(1);
