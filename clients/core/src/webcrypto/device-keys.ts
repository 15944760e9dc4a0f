// A device's two key pairs as WebCrypto keys. Where the handles are kept (IndexedDB, memory), or the
// bytes (sealed, on a desktop), is the platform's choice.

import type { Bytes } from '@rockpool/protocol';
import type { DeviceKeyPort } from '../ports.ts';
import { openSealed } from './hpke.ts';
import type { Subtle } from './subtle.ts';

/** Keeps key pairs under a name; structured clone keeps the private half non-extractable. */
export interface KeyStore {
  get(name: string): Promise<CryptoKeyPair | undefined>;
  put(name: string, pair: CryptoKeyPair): Promise<void>;
  delete(name: string): Promise<void>;
}

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };
const ECDH = { name: 'ECDH', namedCurve: 'P-256' };
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' };

export interface DeviceKeyOptions {
  /**
   * Whether the store gets pairs whose private halves it can export. Where handles cannot be kept, it
   * must: it seals the bytes, and what it gives back is not exportable.
   */
  readonly exportable?: boolean;
}

/** Device keys over WebCrypto, for browsers and Node alike. */
export function createDeviceKeys(
  subtle: Subtle,
  store: KeyStore,
  { exportable = false }: DeviceKeyOptions = {},
): DeviceKeyPort {
  async function held(name: string, use: 'sign' | 'ecdh'): Promise<CryptoKeyPair> {
    const pair = await store.get(`${name}:${use}`);
    if (pair === undefined) throw new Error('no device keys under this name');
    return pair;
  }
  async function generate(
    algorithm: typeof ECDSA,
    usages: ('sign' | 'verify' | 'deriveBits')[],
  ): Promise<CryptoKeyPair> {
    return (await subtle.generateKey(algorithm, exportable, usages)) as CryptoKeyPair;
  }
  async function points(sign: CryptoKeyPair, ecdh: CryptoKeyPair) {
    return { sign: await point(sign), ecdh: await point(ecdh) };
  }
  async function point(pair: CryptoKeyPair): Promise<Bytes> {
    return new Uint8Array((await subtle.exportKey('raw', pair.publicKey)) as ArrayBuffer);
  }
  return {
    async create(name) {
      const sign = await generate(ECDSA, ['sign', 'verify']);
      const ecdh = await generate(ECDH, ['deriveBits']);
      await store.put(`${name}:sign`, sign);
      await store.put(`${name}:ecdh`, ecdh);
      return points(sign, ecdh);
    },
    async load(name) {
      const sign = await store.get(`${name}:sign`);
      const ecdh = await store.get(`${name}:ecdh`);
      return sign && ecdh && points(sign, ecdh);
    },
    async remove(name) {
      await store.delete(`${name}:sign`);
      await store.delete(`${name}:ecdh`);
    },
    async sign(name, message) {
      const { privateKey } = await held(name, 'sign');
      const data = message as Uint8Array<ArrayBuffer>;
      return new Uint8Array(await subtle.sign(SIGNATURE, privateKey, data));
    },
    async open(name, sealed, info) {
      return openSealed(await held(name, 'ecdh'), sealed, info);
    },
  };
}
