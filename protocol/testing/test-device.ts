// A device with real P-256 keys, for tests.

import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Bytes } from '../src/encoding/bytes.ts';
import { type DeviceKeys, type DeviceKind, deviceId } from '../src/index.ts';

/** A P-256 key pair: the private half as KeyObject, the public one as an uncompressed point. */
export interface TestKey {
  readonly privateKey: KeyObject;
  readonly point: Bytes;
  /** ECDSA with SHA-256, r||s. */
  sign(message: Bytes): Bytes;
}

export interface TestDevice {
  readonly id: Bytes;
  readonly keys: DeviceKeys;
  readonly signing: TestKey;
  readonly ecdh: TestKey;
  sign(message: Bytes): Bytes;
}

export function createTestKey(): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  const point = Uint8Array.from([
    4,
    ...Buffer.from(x, 'base64url'),
    ...Buffer.from(y, 'base64url'),
  ]);
  return {
    privateKey,
    point,
    sign: (message) =>
      new Uint8Array(sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
  };
}

export function createTestDevice(kind: DeviceKind = 'browser'): TestDevice {
  const signing = createTestKey();
  const ecdh = createTestKey();
  return {
    id: deviceId(signing.point),
    keys: { sign: signing.point, ecdh: ecdh.point, kind },
    signing,
    ecdh,
    sign: signing.sign,
  };
}
