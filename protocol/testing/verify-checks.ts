// A signature shell over node:crypto, synchronous, for tests.

import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { type Bytes, parseCoseKey, type SignatureCheck } from '../src/index.ts';

/** Do all of these signatures hold? */
export function verifyChecks(checks: readonly SignatureCheck[]): boolean {
  return checks.every((check) => {
    try {
      return holds(check);
    } catch {
      return false;
    }
  });
}

function holds(check: SignatureCheck): boolean {
  const { message, signature } = check;
  if (check.kind === 'p256') return verifyEs256(check.point, message, signature);
  const key = parseCoseKey(check.key);
  if (!key.ok) return false;
  switch (key.value.alg) {
    case -7:
      return verifyEs256(key.value.point, message, signature);
    case -8: {
      const okp = publicKey({ kty: 'OKP', crv: 'Ed25519', x: text(key.value.x) });
      return verify(null, message, okp, signature);
    }
    case -257: {
      const rsa = publicKey({ kty: 'RSA', n: text(key.value.n), e: text(key.value.e) });
      return verify('sha256', message, rsa, signature);
    }
  }
}

function verifyEs256(point: Bytes, message: Bytes, signature: Bytes): boolean {
  if (point.length !== 65 || point[0] !== 4 || signature.length !== 64) return false;
  const [x, y] = [text(point.subarray(1, 33)), text(point.subarray(33))];
  const key = publicKey({ kty: 'EC', crv: 'P-256', x, y });
  return verify('sha256', message, { key, dsaEncoding: 'ieee-p1363' }, signature);
}

function publicKey(key: JsonWebKey): KeyObject {
  return createPublicKey({ key, format: 'jwk' });
}

function text(bytes: Bytes): string {
  return Buffer.from(bytes).toString('base64url');
}
