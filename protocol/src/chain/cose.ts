// COSE_Key (RFC 9052 section 7, RFC 9053, RFC 8230) of the three algorithms that passkeys may use.
// Authenticators write CTAP2 canonical CBOR, so each key has exactly one form, and the parser takes
// nothing else: two readers can never see two keys in the same bytes.

import { type Bytes, concatBytes, equalBytes, fromHex, toHex } from '../encoding/bytes.ts';
import { accept, type Result, refuse } from '../encoding/result.ts';
import { isP256Point } from './p256-point.ts';

/** A passkey's public key, ready for the platform's import. */
export type CoseKey =
  | { readonly alg: -7; readonly point: Bytes }
  | { readonly alg: -8; readonly x: Bytes }
  | { readonly alg: -257; readonly n: Bytes; readonly e: Bytes };

/** {1: 2 (EC2), 3: -7, -1: 1 (P-256), -2: x, -3: y} up to x. */
const ES256_HEAD = hex('a5010203262001215820');
const ES256_MIDDLE = hex('225820');
/** {1: 1 (OKP), 3: -8, -1: 6 (Ed25519), -2: x} up to x. */
const EDDSA_HEAD = hex('a4010103272006215820');
/** {1: 3 (RSA), 3: -257, -1: n, -2: e} up to the length of n. */
const RS256_HEAD = hex('a40103033901002059');
/** e = 65537, the only exponent that is taken. */
const RS256_TAIL = hex('2143010001');
const RSA_MODULUS_BYTES_MIN = 256;
const RSA_MODULUS_BYTES_MAX = 512;

export function parseCoseKey(key: Bytes): Result<CoseKey> {
  if (startsWith(key, ES256_HEAD)) return parseEs256(key);
  if (startsWith(key, EDDSA_HEAD)) return parseEdDsa(key);
  if (startsWith(key, RS256_HEAD)) return parseRs256(key);
  return refuse('CHAIN_MALFORMED', 'passkey key is not ES256, EdDSA or RS256 in canonical form');
}

function parseEs256(key: Bytes): Result<CoseKey> {
  const x = key.slice(10, 42);
  const y = key.slice(45);
  const point = concatBytes(Uint8Array.of(4), x, y);
  return equalBytes(key.slice(42, 45), ES256_MIDDLE) && isP256Point(point)
    ? accept({ alg: -7, point })
    : refuse('CHAIN_MALFORMED', 'passkey key is not a P-256 point');
}

function parseEdDsa(key: Bytes): Result<CoseKey> {
  const x = key.slice(10);
  return isStrictEd25519Point(x)
    ? accept({ alg: -8, x })
    : refuse('CHAIN_MALFORMED', 'passkey key is of small order or not canonical');
}

function parseRs256(key: Bytes): Result<CoseKey> {
  const length = ((key[9] ?? 0) << 8) | (key[10] ?? 0);
  const n = key.slice(11, 11 + length);
  const fits =
    length >= RSA_MODULUS_BYTES_MIN &&
    length <= RSA_MODULUS_BYTES_MAX &&
    equalBytes(key.slice(11 + length), RS256_TAIL) &&
    (n[0] ?? 0) >= 128 &&
    ((n[length - 1] ?? 0) & 1) === 1;
  return fits
    ? accept({ alg: -257, n, e: Uint8Array.of(1, 0, 1) })
    : refuse('CHAIN_MALFORMED', 'passkey key is not RSA of 2048 to 4096 bits with e = 65537');
}

const ED25519_P = 2n ** 255n - 19n;
const ED25519_ORDER_8_Y = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
/** y of the eight points of small order (the curve of RFC 8032); signs do not matter. */
const ED25519_SMALL_Y: readonly bigint[] = [
  0n,
  1n,
  ED25519_P - 1n,
  ED25519_ORDER_8_Y,
  ED25519_P - ED25519_ORDER_8_Y,
];

/** Verifiers disagree about keys of small order and about y >= p, so neither is taken. */
function isStrictEd25519Point(x: Bytes): boolean {
  if (x.length !== 32) return false;
  const y = littleEndian(x) & (2n ** 255n - 1n);
  return y < ED25519_P && !ED25519_SMALL_Y.includes(y);
}

const ED25519_ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/**
 * The signature as SignatureCheck carries it, or undefined: ES256 from strict DER to r||s, EdDSA
 * with S below the group order (RFC 8032 section 5.1.7), RS256 as long as the modulus.
 */
export function passkeySignature(key: CoseKey, signature: Bytes): Bytes | undefined {
  switch (key.alg) {
    case -7:
      return rawFromDer(signature);
    case -8:
      return signature.length === 64 && littleEndian(signature.subarray(32)) < ED25519_ORDER
        ? signature
        : undefined;
    case -257:
      return signature.length === key.n.length ? signature : undefined;
  }
}

/** SEQUENCE of two minimal positive INTEGERs of at most 32 bytes (X.690 section 8.3), nothing else. */
function rawFromDer(der: Bytes): Bytes | undefined {
  if (der[0] !== 0x30 || der[1] !== der.length - 2 || der.length > 72) return undefined;
  const r = derInteger(der, 2);
  if (r === undefined) return undefined;
  const s = derInteger(der, r.end);
  if (s === undefined || s.end !== der.length) return undefined;
  return concatBytes(r.value, s.value);
}

function derInteger(der: Bytes, at: number): { value: Bytes; end: number } | undefined {
  const length = der[at + 1] ?? 0;
  const end = at + 2 + length;
  if (der[at] !== 2 || length < 1 || length > 33 || end > der.length) return undefined;
  const first = der[at + 2] ?? 0;
  if (first >= 128 || (first === 0 && (der[at + 3] ?? 0) < 128)) return undefined;
  const digits = der.subarray(first === 0 ? at + 3 : at + 2, end);
  if (digits.length > 32) return undefined;
  const value = new Uint8Array(32);
  value.set(digits, 32 - digits.length);
  return { value, end };
}

function littleEndian(bytes: Bytes): bigint {
  return BigInt(`0x${toHex(bytes.slice().reverse())}`);
}

function startsWith(bytes: Bytes, head: Bytes): boolean {
  return equalBytes(bytes.subarray(0, head.length), head);
}

function hex(text: string): Bytes {
  const bytes = fromHex(text);
  if (bytes === undefined) throw new Error('not hex');
  return bytes;
}
