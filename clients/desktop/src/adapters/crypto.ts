import { hash, webcrypto } from 'node:crypto';
import { type CryptoPort, createWebCrypto } from '@rockpool/client-core';

export type Subtle = Parameters<typeof createWebCrypto>[0];

/** Node's WebCrypto as the engine's cryptography takes it. */
export const subtle = webcrypto.subtle as unknown as Subtle;

/** Longer data is hashed on another thread, so that nothing waits for it. */
const HASHED_AT_ONCE_BYTES_MAX = 1024 * 1024;

/** A block is hashed here in less time than it takes to hand it to another thread and back. */
export function nodeCrypto(): CryptoPort {
  const crypto = createWebCrypto(subtle);
  return {
    ...crypto,
    async sha256(data) {
      if (data.length > HASHED_AT_ONCE_BYTES_MAX) return crypto.sha256(data);
      return new Uint8Array(hash('sha256', data, 'buffer'));
    },
  };
}
