// A passkey holder for a page: Chromium's virtual authenticator over the DevTools protocol, which
// answers every prompt by itself, as a person with a fingerprint reader would.
import type { CDPSession, Page } from 'playwright-core';

/** The passkeys of one person, which live as long as the page they were attached to. */
export class VirtualAuthenticator {
  readonly #cdp: CDPSession;
  readonly #authenticatorId: string;
  /** How often a person would have been asked, for a new passkey or with one they have. */
  prompts = 0;

  private constructor(cdp: CDPSession, authenticatorId: string) {
    this.#cdp = cdp;
    this.#authenticatorId = authenticatorId;
    const prompted = (): void => {
      this.prompts += 1;
    };
    cdp.on('WebAuthn.credentialAdded', prompted);
    cdp.on('WebAuthn.credentialAsserted', prompted);
  }

  /** Gives the page a platform authenticator with resident keys and user verification. */
  static async attach(page: Page): Promise<VirtualAuthenticator> {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable', { enableUI: false });
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    return new VirtualAuthenticator(cdp, authenticatorId);
  }

  /** Puts copies of its passkeys into another page's authenticator, as a synced provider does. */
  async copyTo(other: VirtualAuthenticator): Promise<void> {
    for (const credential of await this.credentials()) {
      await other.#cdp.send('WebAuthn.addCredential', {
        authenticatorId: other.#authenticatorId,
        credential,
      });
    }
  }

  /** The passkeys it holds, private keys included: they exist for this test only. */
  async credentials() {
    const answer = await this.#cdp.send('WebAuthn.getCredentials', {
      authenticatorId: this.#authenticatorId,
    });
    return answer.credentials;
  }
}
