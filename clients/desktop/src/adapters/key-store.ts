// This device's key pairs, kept in the store as bytes that only the master key opens. In memory they are
// WebCrypto keys whose private halves cannot be taken out.
//
// A row: version u8 (1) | nonce (12) | AES-256-GCM of (public point (65) | private key, PKCS #8), with the
// row's name as additional data, so that two rows cannot be exchanged.

import { createCipheriv, createDecipheriv, randomBytes, webcrypto } from 'node:crypto';
import type { KeyStore, StorePort } from '@rockpool/client-core';
import { AgentError } from '../agent-errors.ts';

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const POINT_BYTES = 65;
const HEAD_BYTES = 1 + NONCE_BYTES;
const PURPOSE = 'rockpool/desktop/device-key/v1';

const { subtle } = webcrypto;

const USAGES = {
  ECDSA: { private: ['sign'], public: ['verify'] },
  ECDH: { private: ['deriveBits'], public: [] },
} as const;

/** The pairs that are put must be exportable; those that come back are not. */
export function sealedKeyStore(rows: StorePort, masterKey: Uint8Array): KeyStore {
  const open = new Map<string, CryptoKeyPair>();
  return {
    async get(name) {
      const known = open.get(name);
      if (known !== undefined) return known;
      const row = await rows.get(name);
      if (row === undefined) return undefined;
      const pair = await importPair(openRow(row, name, masterKey), algorithmOf(name));
      open.set(name, pair);
      return pair;
    },
    async put(name, pair) {
      open.delete(name);
      await rows.write([[name, sealRow(await exportPair(pair), name, masterKey)]]);
    },
    async delete(name) {
      open.delete(name);
      await rows.write([[name, undefined]]);
    },
  };
}

/** The engine's names end in what a pair is for. */
function algorithmOf(name: string): keyof typeof USAGES {
  return name.endsWith(':ecdh') ? 'ECDH' : 'ECDSA';
}

async function exportPair(pair: CryptoKeyPair): Promise<Buffer> {
  const { privateKey, publicKey } = pair as unknown as webcrypto.CryptoKeyPair;
  const point = Buffer.from(await subtle.exportKey('raw', publicKey));
  return Buffer.concat([point, Buffer.from(await subtle.exportKey('pkcs8', privateKey))]);
}

async function importPair(plain: Uint8Array, name: keyof typeof USAGES): Promise<CryptoKeyPair> {
  const algorithm = { name, namedCurve: 'P-256' };
  const usages = USAGES[name];
  const [point, pkcs8] = [plain.slice(0, POINT_BYTES), plain.slice(POINT_BYTES)];
  const publicKey = await subtle.importKey('raw', point, algorithm, true, [...usages.public]);
  const privateKey = await subtle.importKey('pkcs8', pkcs8, algorithm, false, [...usages.private]);
  return { publicKey, privateKey } as unknown as CryptoKeyPair;
}

function sealRow(plain: Uint8Array, name: string, masterKey: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', masterKey, nonce);
  cipher.setAAD(Buffer.from(`${PURPOSE}\n${name}`));
  const sealed = [cipher.update(plain), cipher.final(), cipher.getAuthTag()];
  return new Uint8Array(Buffer.concat([Uint8Array.of(VERSION), nonce, ...sealed]));
}

function openRow(row: Uint8Array, name: string, masterKey: Uint8Array): Uint8Array {
  if (row[0] !== VERSION || row.length < HEAD_BYTES + POINT_BYTES + TAG_BYTES) {
    throw new AgentError('AGENT_KEYS_DAMAGED');
  }
  const decipher = createDecipheriv('aes-256-gcm', masterKey, row.subarray(1, HEAD_BYTES));
  decipher.setAAD(Buffer.from(`${PURPOSE}\n${name}`));
  decipher.setAuthTag(row.subarray(-TAG_BYTES));
  try {
    const plain = [decipher.update(row.subarray(HEAD_BYTES, -TAG_BYTES)), decipher.final()];
    return new Uint8Array(Buffer.concat(plain));
  } catch (error) {
    throw new AgentError('AGENT_KEYS_DAMAGED', '', { cause: error });
  }
}
