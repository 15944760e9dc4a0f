// The engine's cryptography over WebCrypto. A key that the platform cannot import means "does not
// hold", never an exception.

import { type Bytes, fromBase64url, parseCoseKey, toBase64url } from '@rockpool/protocol';
import type { CryptoPort } from '../ports.ts';
import { seal } from './hpke.ts';
import type { Subtle, SubtleKey } from './subtle.ts';

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };
const ES256 = { name: 'ECDSA', hash: 'SHA-256' };
const RS256 = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
/** Imported device points, kept because every record of a device is verified by the same one. */
const POINTS_KEPT_MAX = 256;

const own = (bytes: Bytes) => bytes as Uint8Array<ArrayBuffer>;

/** Cryptography for browsers and Node alike. */
export function createWebCrypto(subtle: Subtle): CryptoPort {
  const points = new Map<string, Promise<SubtleKey>>();

  function pointKey(point: Bytes): Promise<SubtleKey> {
    const name = toBase64url(point);
    let key = points.get(name);
    if (key === undefined) {
      if (points.size >= POINTS_KEPT_MAX) points.delete(points.keys().next().value ?? '');
      key = subtle.importKey('raw', own(point), ECDSA, false, ['verify']);
      points.set(name, key);
    }
    return key;
  }

  async function verifyP256(point: Bytes, message: Bytes, signature: Bytes): Promise<boolean> {
    try {
      return await subtle.verify(ES256, await pointKey(point), own(signature), own(message));
    } catch {
      return false;
    }
  }

  return {
    verifyP256,
    seal,
    async sha256(data) {
      return new Uint8Array(await subtle.digest('SHA-256', own(data)));
    },
    async verifyCose(key, message, signature) {
      const parsed = parseCoseKey(key);
      if (!parsed.ok) return false;
      const cose = parsed.value;
      try {
        if (cose.alg === -7) return await verifyP256(cose.point, message, signature);
        if (cose.alg === -8) {
          const algorithm = { name: 'Ed25519' };
          const edKey = await subtle.importKey('raw', own(cose.x), algorithm, false, ['verify']);
          return await subtle.verify(algorithm, edKey, own(signature), own(message));
        }
        const jwk = { kty: 'RSA', n: toBase64url(cose.n), e: toBase64url(cose.e) };
        const rsaKey = await subtle.importKey('jwk', jwk, RS256, false, ['verify']);
        return await subtle.verify(RS256, rsaKey, own(signature), own(message));
      } catch {
        return false;
      }
    },
    async createInviteKey() {
      const pair = (await subtle.generateKey(ECDSA, true, ['sign', 'verify'])) as CryptoKeyPair;
      const pub = new Uint8Array((await subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer);
      const { d } = await subtle.exportKey('jwk', pair.privateKey);
      const priv = d === undefined ? undefined : fromBase64url(d);
      if (priv === undefined) throw new Error('the platform exported no private key');
      return { priv, pub };
    },
    async signWithInviteKey(priv, pub, message) {
      const jwk = {
        kty: 'EC',
        crv: 'P-256',
        d: toBase64url(priv),
        x: toBase64url(pub.subarray(1, 33)),
        y: toBase64url(pub.subarray(33)),
      };
      const key = await subtle.importKey('jwk', jwk, ECDSA, false, ['sign']);
      return new Uint8Array(await subtle.sign(ES256, key, own(message)));
    },
  };
}
