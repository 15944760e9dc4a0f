// WebAuthn ceremonies. Every option is built here or in the engine; nothing a server says becomes
// part of them, because a challenge that a server chose could be the hash of a statement of its own.

import type { Capabilities, PasskeyFailure, PasskeyPort } from '@rockpool/client-core';
import { coseKeyFromAuthData } from '@rockpool/protocol';

const CEREMONY_TIMEOUT_MS = 120_000;
/** ES256, EdDSA, RS256: what every reader of a chain can verify. */
const ALGORITHMS = [-7, -8, -257] as const;

export const browserPasskeys: PasskeyPort = {
  capabilities,

  async register({ rpId, challenge, userHandle, userName }) {
    const created = await ceremony(() =>
      navigator.credentials.create({
        publicKey: {
          rp: { id: rpId, name: 'Rockpool' },
          user: { id: plain(userHandle), name: userName, displayName: userName },
          challenge: plain(challenge),
          pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
          authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
          attestation: 'none',
          timeout: CEREMONY_TIMEOUT_MS,
        },
      }),
    );
    if (typeof created === 'string') return created;
    const response = created.response as AuthenticatorAttestationResponse;
    const coseKey = coseKeyFromAuthData(new Uint8Array(response.getAuthenticatorData()));
    if (!coseKey.ok) return 'unavailable';
    return {
      credential: new Uint8Array(created.rawId),
      coseKey: coseKey.value,
      attestation: new Uint8Array(response.attestationObject),
      clientData: new Uint8Array(response.clientDataJSON),
    };
  },

  async authenticate({ rpId, challenge }) {
    const got = await ceremony(() =>
      navigator.credentials.get({
        publicKey: {
          rpId,
          challenge: plain(challenge),
          userVerification: 'required',
          timeout: CEREMONY_TIMEOUT_MS,
        },
      }),
    );
    if (typeof got === 'string') return got;
    const response = got.response as AuthenticatorAssertionResponse;
    if (response.userHandle === null) return 'unavailable';
    return {
      credential: new Uint8Array(got.rawId),
      authData: new Uint8Array(response.authenticatorData),
      clientData: new Uint8Array(response.clientDataJSON),
      sig: new Uint8Array(response.signature),
      userHandle: new Uint8Array(response.userHandle),
    };
  },
};

async function ceremony(
  start: () => Promise<Credential | null>,
): Promise<PublicKeyCredential | PasskeyFailure> {
  try {
    const credential = await start();
    return credential instanceof PublicKeyCredential ? credential : 'unavailable';
  } catch (cause) {
    // NotAllowedError covers "cancelled" and "timed out" alike: browsers do not tell which.
    const name = cause instanceof DOMException ? cause.name : '';
    return name === 'NotAllowedError' || name === 'AbortError' ? 'cancelled' : 'unavailable';
  }
}

const nothing = { usable: false, thisDevice: false, phone: false, securityKey: false } as const;

async function capabilities(): Promise<Capabilities> {
  const blocked = (reason: string, remedy: string): Capabilities => ({
    ...nothing,
    blockedBy: { reason, remedy },
  });
  if (!window.isSecureContext) {
    return blocked(
      'This page was opened over plain http from another computer, and browsers allow passkeys only over https.',
      'Open it by its https address, or on the computer it runs on as http://localhost.',
    );
  }
  if (typeof PublicKeyCredential === 'undefined') {
    return blocked(
      'This browser has no passkeys.',
      'Use a current Chrome, Edge, Firefox or Safari.',
    );
  }
  if (typeof RTCPeerConnection === 'undefined') {
    return blocked(
      'Direct connections (WebRTC) are switched off in this browser.',
      'Allow WebRTC in its settings, or use another browser.',
    );
  }
  if (!(await storageWorks())) {
    return blocked(
      'This window may not store anything, so your messages could not be kept.',
      'Open the link in a normal window instead of a private one.',
    );
  }
  const ways = await PublicKeyCredential.getClientCapabilities?.().catch(() => undefined);
  const thisDevice = await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable();
  return {
    usable: true,
    thisDevice,
    // Older browsers do not say; where they know passkeys, phone and key are offered by the system.
    phone: ways?.['hybridTransport'] ?? true,
    securityKey: true,
  };
}

async function storageWorks(): Promise<boolean> {
  try {
    await navigator.storage.getDirectory();
    return 'indexedDB' in window;
  } catch {
    return false;
  }
}

/** The DOM types want views over an ArrayBuffer that is not shared; ours never is. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes as Uint8Array<ArrayBuffer>;
}
