// Deterministic CBOR (RFC 8949 section 4.2.1), the one encoding of everything that is signed,
// hashed or sent. Decoding encodes again and compares: whatever is not the single deterministic
// form (long integers, unsorted or repeated keys, floats, tags, indefinite lengths, broken UTF-8)
// cannot come out byte-equal and is refused.

import { decode, encode, rfc8949EncodeOptions } from 'cborg';
import { type Bytes, equalBytes } from './bytes.ts';
import { accept, type Result, refuse } from './result.ts';
import type { Shape } from './shape.ts';

/** What a deterministic CBOR value can be. Maps have text keys. */
export type Cbor = number | string | Bytes | readonly Cbor[] | { readonly [key: string]: Cbor };

/** Nesting allowed in any message (statements need 4, the envelope around them 2 more). */
export const CBOR_DEPTH_MAX = 8;

export function encodeCbor(value: Cbor | object): Bytes {
  return encode(value, {
    ...rfc8949EncodeOptions,
    ignoreUndefinedProperties: true,
  });
}

/**
 * Decodes exactly one value of the given shape from all of `bytes`. Never throws.
 * The size limit is checked before anything is parsed.
 */
export function decodeCbor<T>(bytes: Bytes, shape: Shape<T>, bytesMax: number): Result<T> {
  if (bytes.length > bytesMax) {
    return refuse('PROTOCOL_TOO_LARGE', `${bytes.length} bytes, at most ${bytesMax}`);
  }
  if (!depthAllowed(bytes)) return refuse('PROTOCOL_MALFORMED', 'nested too deep');
  let value: unknown;
  try {
    value = decode(bytes, {
      strict: true,
      allowIndefinite: false,
      allowUndefined: false,
      allowBigInt: false,
      allowInfinity: false,
      allowNaN: false,
      rejectDuplicateMapKeys: true,
    });
    if (!equalBytes(encodeCbor(value as Cbor), bytes)) {
      return refuse('PROTOCOL_MALFORMED', 'not the deterministic encoding');
    }
  } catch (cause) {
    return refuse('PROTOCOL_MALFORMED', cause instanceof Error ? cause.message : 'undecodable');
  }
  const wrong = shape(value);
  return wrong === undefined ? accept(value as T) : refuse('PROTOCOL_MALFORMED', wrong);
}

/**
 * Walks the heads of the items without building anything, so that a few bytes of nested arrays
 * cannot exhaust the decoder's stack.
 */
function depthAllowed(bytes: Bytes): boolean {
  const open: number[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const head = bytes[offset++] ?? 0;
    const major = head >> 5;
    const info = head & 31;
    const extra = info < 24 ? 0 : info < 28 ? 1 << (info - 24) : -1;
    // Tagged, reserved or indefinite: the decoder refuses it where it stands.
    if (extra < 0 || major === 6) return true;
    let argument = info < 24 ? info : 0;
    for (let i = 0; i < extra; i++) argument = argument * 256 + (bytes[offset++] ?? 0);
    if (major === 2 || major === 3) offset += argument;
    while (open.length > 0 && (open[open.length - 1] ?? 0) <= 1) open.pop();
    const last = open.length - 1;
    if (last >= 0) open[last] = (open[last] ?? 0) - 1;
    const children = major === 4 ? argument : major === 5 ? argument * 2 : 0;
    if (children > 0) {
      open.push(children + 1);
      if (open.length > CBOR_DEPTH_MAX) return false;
    }
  }
  return true;
}
