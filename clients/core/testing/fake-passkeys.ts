// An authenticator that one person carries from device to device.

import { createTestPasskey, type TestPasskey } from '@rockpool/protocol/testing';
import type { PasskeyFailure, PasskeyPort } from '../src/ports.ts';

export class FakeAuthenticator {
  readonly passkeys: { readonly passkey: TestPasskey; readonly handle: Uint8Array }[] = [];
  /** Every challenge that a ceremony on any device asked to sign. */
  readonly challenges: Uint8Array[] = [];
  prompts = 0;
  refuses: PasskeyFailure | undefined;

  port(origin: string): PasskeyPort {
    return {
      capabilities: async () => ({
        usable: true,
        thisDevice: true,
        phone: true,
        securityKey: true,
      }),
      register: async ({ rpId, challenge, userHandle }) => {
        this.prompts++;
        if (this.refuses !== undefined) return this.refuses;
        const passkey = createTestPasskey({ origin, rpId });
        this.passkeys.push({ passkey, handle: userHandle });
        const { attestationObject, clientDataJSON } = passkey.register(challenge);
        const { id, key } = passkey.credential;
        return {
          credential: id,
          coseKey: key,
          attestation: attestationObject,
          clientData: clientDataJSON,
        };
      },
      authenticate: async ({ challenge }) => {
        this.prompts++;
        this.challenges.push(challenge);
        const held = this.passkeys[this.passkeys.length - 1];
        if (this.refuses !== undefined || held === undefined) return this.refuses ?? 'unavailable';
        const credential = held.passkey.credential.id;
        return { credential, ...held.passkey.assert(challenge), userHandle: held.handle };
      },
    };
  }
}
