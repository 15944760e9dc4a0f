// The verifier's second step on servers: signature checks discharged with node:crypto (0.2 ms each).
// A door verifies before it proposes and every replica verifies again in apply; the cache spares the
// second time. It holds only what verified: forgeries can neither fill it nor be remembered.

import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { type Bytes, parseCoseKey, type SignatureCheck, toBase64url } from '@rockpool/protocol';
import type { VerifyChecks } from '../relying-party.ts';

export interface SignatureVerifierOptions {
  /** Verdicts kept, oldest use out first; 0 keeps none (for proofs that are used once). */
  readonly cacheEntriesMax?: number;
}

/** About 2 MB; a few seconds of the busiest log. */
const CACHE_ENTRIES_MAX = 16_384;

/** Synchronous, deterministic, never throws: fit for the state machine's apply. */
export function createSignatureVerifier(options: SignatureVerifierOptions = {}): VerifyChecks {
  const entriesMax = options.cacheEntriesMax ?? CACHE_ENTRIES_MAX;
  const verified = new Set<string>();
  const holds = (check: SignatureCheck): boolean => {
    if (entriesMax === 0) return verifyCheck(check);
    const name = nameOf(check);
    const known = verified.delete(name);
    if (!known && !verifyCheck(check)) return false;
    verified.add(name);
    if (verified.size > entriesMax) {
      for (const oldest of verified) {
        verified.delete(oldest);
        break;
      }
    }
    return true;
  };
  return (checks) => checks.every(holds);
}

function nameOf(check: SignatureCheck): string {
  const hash = createHash('sha256');
  const key = check.kind === 'p256' ? check.point : check.key;
  hash.update(`${check.kind} ${key.length} ${check.message.length} ${check.signature.length}\n`);
  return hash.update(key).update(check.message).update(check.signature).digest('base64');
}

function verifyCheck(check: SignatureCheck): boolean {
  try {
    if (check.kind === 'p256') return verifyP256(check.point, check.message, check.signature);
    return verifyCose(check.key, check.message, check.signature);
  } catch {
    return false; // a key that OpenSSL will not import does not verify anything
  }
}

function verifyP256(point: Bytes, message: Bytes, signature: Bytes): boolean {
  if (point.length !== 65 || point[0] !== 4 || signature.length !== 64) return false;
  const key = importJwk({
    kty: 'EC',
    crv: 'P-256',
    x: toBase64url(point.subarray(1, 33)),
    y: toBase64url(point.subarray(33)),
  });
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

function verifyCose(coseKey: Bytes, message: Bytes, signature: Bytes): boolean {
  const parsed = parseCoseKey(coseKey);
  if (!parsed.ok) return false;
  const key = parsed.value;
  switch (key.alg) {
    case -7:
      return verifyP256(key.point, message, signature);
    case -8: {
      const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(key.x) };
      return verify(null, message, importJwk(jwk), signature);
    }
    case -257: {
      const jwk = { kty: 'RSA', n: toBase64url(key.n), e: toBase64url(key.e) };
      return verify('sha256', message, importJwk(jwk), signature);
    }
  }
}

function importJwk(key: Record<string, string>): KeyObject {
  return createPublicKey({ key, format: 'jwk' });
}
