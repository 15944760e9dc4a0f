// HPKE (RFC 9180): DHKEM(P-256, HKDF-SHA256), HKDF-SHA256, AES-256-GCM, base mode. A sealed message
// is the encapsulated key (65 bytes) followed by the ciphertext. The library gets the whole key
// pair, since it cannot derive the public half of a key that is not extractable.

import { Aes256Gcm, CipherSuite, DhkemP256HkdfSha256, HkdfSha256 } from '@hpke/core';
import { type Bytes, concatBytes, SEAL_KEY_BYTES } from '@rockpool/protocol';

const suite = new CipherSuite({
  kem: new DhkemP256HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});

/** Copies into a buffer of its own, as the library wants whole ArrayBuffers. */
function owned(bytes: Bytes): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

export async function seal(point: Bytes, plain: Bytes, info: Bytes): Promise<Bytes> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(owned(point).buffer);
  const { ct, enc } = await suite.seal(
    { recipientPublicKey, info: owned(info).buffer },
    owned(plain).buffer,
  );
  return concatBytes(new Uint8Array(enc), new Uint8Array(ct));
}

/** Undefined for anything that was not sealed to this key with this info. */
export async function openSealed(
  pair: CryptoKeyPair,
  sealed: Bytes,
  info: Bytes,
): Promise<Bytes | undefined> {
  if (sealed.length <= SEAL_KEY_BYTES) return undefined;
  try {
    const plain = await suite.open(
      {
        recipientKey: pair,
        enc: owned(sealed.subarray(0, SEAL_KEY_BYTES)).buffer,
        info: owned(info).buffer,
      },
      owned(sealed.subarray(SEAL_KEY_BYTES)).buffer,
    );
    return new Uint8Array(plain);
  } catch {
    return undefined;
  }
}
