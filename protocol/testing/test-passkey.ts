// A passkey in software, for tests: it answers create() and get() as an authenticator does.

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  type Assertion,
  type Bytes,
  type Credential,
  concatBytes,
  encodeCbor,
  sha256Bytes,
  toBase64url,
  utf8,
} from '../src/index.ts';

export type PasskeyAlgorithm = -7 | -8 | -257;

export interface TestPasskeyOptions {
  readonly origin?: string;
  readonly rpId?: string;
  readonly algorithm?: PasskeyAlgorithm;
}

/** What a test may make the authenticator or browser say instead. */
export interface AssertionChanges {
  readonly flags?: number;
  readonly rpId?: string;
  readonly client?: Readonly<Record<string, unknown>>;
}

export interface TestRegistration {
  readonly attestationObject: Bytes;
  readonly clientDataJSON: Bytes;
}

export interface TestPasskey {
  readonly credential: Credential;
  /** navigator.credentials.get() with this challenge. */
  assert(challenge: Bytes, changes?: AssertionChanges): Assertion;
  /** navigator.credentials.create() with this challenge; attestation "none". */
  register(challenge: Bytes): TestRegistration;
}

const UP_UV = 0x05;
const ATTESTED = 0x40;

export function createTestPasskey(options: TestPasskeyOptions = {}): TestPasskey {
  const { origin = 'https://pool.example', rpId = 'pool.example', algorithm = -7 } = options;
  const { privateKey, key } = createKey(algorithm);
  const id = new Uint8Array(randomBytes(32));
  const clientData = (type: string, challenge: Bytes, more: AssertionChanges['client'] = {}) =>
    utf8(
      JSON.stringify({
        type,
        challenge: toBase64url(challenge),
        origin,
        crossOrigin: false,
        ...more,
      }),
    );
  const authHead = (flags: number, forRpId = rpId) =>
    concatBytes(sha256Bytes(utf8(forRpId)), Uint8Array.of(flags), new Uint8Array(4));
  return {
    credential: { id, key, rpId, origins: [origin] },
    assert: (challenge, changes = {}) => {
      const authData = authHead(changes.flags ?? UP_UV, changes.rpId);
      const client = clientData('webauthn.get', challenge, changes.client);
      const message = concatBytes(authData, sha256Bytes(client));
      const digest = algorithm === -8 ? null : 'sha256';
      return {
        authData,
        clientData: client,
        sig: new Uint8Array(sign(digest, message, privateKey)),
      };
    },
    register: (challenge) => {
      const authData = concatBytes(
        authHead(UP_UV | ATTESTED),
        new Uint8Array(16),
        Uint8Array.of(0, id.length),
        id,
        key,
      );
      return {
        attestationObject: encodeCbor({ fmt: 'none', attStmt: {}, authData }),
        clientDataJSON: clientData('webauthn.create', challenge),
      };
    },
  };
}

function createKey(algorithm: PasskeyAlgorithm): { privateKey: KeyObject; key: Bytes } {
  const field = (text = '') => new Uint8Array(Buffer.from(text, 'base64url'));
  const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'));
  switch (algorithm) {
    case -7: {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const { x, y } = publicKey.export({ format: 'jwk' });
      const key = concatBytes(hex('a5010203262001215820'), field(x), hex('225820'), field(y));
      return { privateKey, key };
    }
    case -8: {
      const { privateKey, publicKey } = generateKeyPairSync('ed25519');
      const { x } = publicKey.export({ format: 'jwk' });
      return { privateKey, key: concatBytes(hex('a4010103272006215820'), field(x)) };
    }
    case -257: {
      const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const { n } = publicKey.export({ format: 'jwk' });
      const head = hex('a401030339010020590100');
      return { privateKey, key: concatBytes(head, field(n), hex('2143010001')) };
    }
  }
}
