// The operating system's keyring, reduced to one secret under a name.

import { AsyncEntry, type EntryOptions } from '@napi-rs/keyring';

export type KeyringFailure = 'locked' | 'unavailable';

/** Why the keyring gave or took nothing. */
export class KeyringError extends Error {
  readonly reason: KeyringFailure;
  constructor(reason: KeyringFailure, options?: ErrorOptions) {
    super(`the keyring is ${reason}`, options);
    this.name = 'KeyringError';
    this.reason = reason;
  }
}

/** Both reject with KeyringError. */
export interface Keyring {
  read(name: string): Promise<Uint8Array | undefined>;
  write(name: string, secret: Uint8Array): Promise<void>;
}

const SERVICE = 'rockpool';
/**
 * Without it the library falls back to the kernel's keyring, which forgets everything at the next
 * start of the machine.
 */
const OPTIONS: EntryOptions = { linux: { store: 'secret-service' } };

/** Secret Service on Linux, Keychain on macOS, Credential Manager on Windows. */
export const systemKeyring: Keyring = {
  async read(name) {
    const secret = await attempt(() => entryOf(name).getSecret());
    return secret === null ? undefined : Uint8Array.from(secret);
  },
  async write(name, secret) {
    await attempt(() => entryOf(name).setSecret(secret));
  },
};

function entryOf(name: string): AsyncEntry {
  return new AsyncEntry(SERVICE, name, OPTIONS);
}

async function attempt<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw new KeyringError(judge(error), { cause: error });
  }
}

/** The library has one code for everything, so that its words must tell. */
function judge(error: unknown): KeyringFailure {
  const words = error instanceof Error ? error.message : '';
  return /dismissed|locked|denied|not allowed|cancel/i.test(words) ? 'locked' : 'unavailable';
}
