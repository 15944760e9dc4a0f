// A passkey's word in a chain: an assertion whose challenge is the hash of an enrolment certificate.
// Everything is judged by the credential record in the chain, never by what a server says
// (W3C WebAuthn section 7.2; the rules every reader applies stand in docs/protocol.md).

import { toBase64url } from '../encoding/base64url.ts';
import { type Bytes, concatBytes, equalBytes, utf8 } from '../encoding/bytes.ts';
import { sha256Bytes, taggedHash } from '../encoding/hash.ts';
import { accept, type Result, refuse } from '../encoding/result.ts';
import { parseCoseKey, passkeySignature } from './cose.ts';
import type { SignatureCheck } from './judged.ts';
import type { Credential } from './statements.ts';

/** What an authenticator answers to navigator.credentials.get(). */
export interface Assertion {
  readonly authData: Bytes;
  readonly clientData: Bytes;
  readonly sig: Bytes;
}

const FLAG_UP = 0x01;
const FLAG_UV = 0x04;
const FLAG_BE = 0x08;
const FLAG_BS = 0x10;
const FLAG_AT = 0x40;
const FLAG_ED = 0x80;
const AUTH_DATA_BYTES = 37;

/** Challenge of navigator.credentials.get(): the hash of the certificate that the client built. */
export function enrolmentChallenge(certificate: Bytes): Bytes {
  return taggedHash('enrol', certificate);
}

/** Challenge of navigator.credentials.create(): the socket's nonce and the handle it is made for. */
export function registrationChallenge(nonce: Bytes, handle: Bytes): Bytes {
  return taggedHash('register', nonce, handle);
}

/** Judges all of an assertion but its signature, which it returns as a check. */
export function judgeAssertion(
  credential: Credential,
  challenge: Bytes,
  assertion: Assertion,
): Result<SignatureCheck> {
  const data = parseClientData(assertion.clientData);
  if (data?.get('type') !== 'webauthn.get') return refuse('AUTH_PASSKEY', 'not an assertion');
  if (data.get('challenge') !== toBase64url(challenge)) {
    return refuse('AUTH_CHALLENGE', 'challenge is another one');
  }
  const wrong =
    wrongOrigin(data, credential.origins) ?? wrongAuthData(assertion.authData, credential.rpId);
  if (wrong !== undefined) return refuse('AUTH_PASSKEY', wrong);
  const key = parseCoseKey(credential.key);
  if (!key.ok) return key;
  const signature = passkeySignature(key.value, assertion.sig);
  if (signature === undefined) return refuse('CHAIN_SIGNATURE', 'not a strict signature');
  const message = concatBytes(assertion.authData, sha256Bytes(assertion.clientData));
  return accept({ kind: 'cose', key: credential.key, message, signature });
}

/** Browsers may add members to clientDataJSON, so it is parsed and never compared as a template. */
function parseClientData(clientData: Bytes): ReadonlyMap<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(
      new TextDecoder('utf-8', { fatal: true }).decode(clientData),
    );
    const isObject = typeof parsed === 'object' && parsed !== null;
    return isObject ? new Map<string, unknown>(Object.entries(parsed)) : undefined;
  } catch {
    return undefined;
  }
}

function wrongOrigin(
  data: ReadonlyMap<string, unknown>,
  origins: readonly string[],
): string | undefined {
  const origin = data.get('origin');
  if (typeof origin !== 'string' || !origins.includes(origin)) return 'origin is not listed';
  const crossOrigin = data.get('crossOrigin');
  if (crossOrigin !== undefined && crossOrigin !== false) return 'crossOrigin is not false';
  return data.has('topOrigin') ? 'topOrigin is present' : undefined;
}

function wrongAuthData(authData: Bytes, rpId: string): string | undefined {
  if (!equalBytes(authData.subarray(0, 32), sha256Bytes(utf8(rpId)))) return 'rpId is another one';
  const flags = authData[32] ?? 0;
  if ((flags & FLAG_UP) === 0) return 'user presence is missing';
  if ((flags & FLAG_UV) === 0) return 'user verification is missing';
  if ((flags & FLAG_BS) !== 0 && (flags & FLAG_BE) === 0) return 'backed up but not eligible';
  if ((flags & FLAG_AT) !== 0) return 'attested data in an assertion';
  const extended = (flags & FLAG_ED) !== 0;
  const fits = extended ? authData.length > AUTH_DATA_BYTES : authData.length === AUTH_DATA_BYTES;
  return fits ? undefined : 'authData has another length';
}
