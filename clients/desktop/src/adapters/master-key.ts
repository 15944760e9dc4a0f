// The key that seals this device's own keys. It lies in the keyring of the operating system where there
// is one; else sealed under a passphrase, so that whoever copies the disk has nothing.

import { randomBytes } from 'node:crypto';
import { AgentError } from '../agent-errors.ts';
import { type Keyring, KeyringError } from './keyring.ts';
import { readMasterKeyFile, writeMasterKeyFile } from './master-key-file.ts';
import { openUnder, type SealCost, sealUnder } from './passphrase-seal.ts';

const KEY_BYTES = 32;
const ENTRY_BYTES = 16;
const PASSPHRASE_CHARACTERS_MIN = 12;
const PASSPHRASE_CHARACTERS_MAX = 256;

export interface PassphrasePort {
  /**
   * `choose`: a new one, which a person should type twice; `unlock`: the one chosen then. Undefined:
   * nobody is there to ask, or they gave up.
   */
  ask(purpose: 'choose' | 'unlock'): Promise<string | undefined>;
}

export interface MasterKeySources {
  /** Undefined: the person wants a passphrase although there is a keyring. */
  readonly keyring: Keyring | undefined;
  readonly passphrases: PassphrasePort;
  /** How hard a new passphrase is to try out; only tests lower it. */
  readonly sealCost?: SealCost;
}

/** 32 bytes, made at the first start. Rejects with AgentError. */
export async function openMasterKey(path: string, sources: MasterKeySources): Promise<Uint8Array> {
  const place = await readMasterKeyFile(path);
  if (place === undefined) return createMasterKey(path, sources);
  if (place.kind === 'keyring') return fromKeyring(place.entry, sources.keyring);
  const passphrase = await sources.passphrases.ask('unlock');
  if (passphrase === undefined) throw new AgentError('AGENT_PASSPHRASE_NEEDED');
  const key = isFit(passphrase) ? await openUnder(passphrase, place.secret) : undefined;
  if (key === undefined) throw new AgentError('AGENT_PASSPHRASE_WRONG');
  return key;
}

async function fromKeyring(entry: string, keyring: Keyring | undefined): Promise<Uint8Array> {
  if (keyring === undefined) throw new AgentError('AGENT_KEYRING_UNAVAILABLE');
  let key: Uint8Array | undefined;
  try {
    key = await keyring.read(entry);
  } catch (error) {
    throw keyringFailure(error);
  }
  if (key?.length !== KEY_BYTES) throw new AgentError('AGENT_KEYRING_EMPTY', `Entry ${entry}.`);
  return key;
}

/** The key is where it belongs before the file says so: a start cut short leaves none behind. */
async function createMasterKey(path: string, sources: MasterKeySources): Promise<Uint8Array> {
  const key = new Uint8Array(randomBytes(KEY_BYTES));
  const entry = randomBytes(ENTRY_BYTES).toString('hex');
  const refused = await intoKeyring(entry, key, sources.keyring);
  if (refused === undefined) {
    await writeMasterKeyFile(path, { kind: 'keyring', entry });
    return key;
  }
  const passphrase = await sources.passphrases.ask('choose');
  if (passphrase === undefined) throw refused;
  if (!isFit(passphrase)) throw new AgentError('AGENT_PASSPHRASE_UNFIT');
  const secret = await sealUnder(passphrase, key, sources.sealCost);
  await writeMasterKeyFile(path, { kind: 'passphrase', secret });
  return key;
}

function isFit(passphrase: string): boolean {
  const { length } = [...passphrase.slice(0, 2 * PASSPHRASE_CHARACTERS_MAX + 1)];
  return length >= PASSPHRASE_CHARACTERS_MIN && length <= PASSPHRASE_CHARACTERS_MAX;
}

/** Undefined once the keyring has it and gives it back; else why a passphrase is needed. */
async function intoKeyring(
  entry: string,
  key: Uint8Array,
  keyring: Keyring | undefined,
): Promise<AgentError | undefined> {
  if (keyring === undefined) return new AgentError('AGENT_PASSPHRASE_NEEDED');
  try {
    await keyring.write(entry, key);
    const back = await keyring.read(entry);
    if (back !== undefined && Buffer.compare(back, key) === 0) return undefined;
    return new AgentError('AGENT_PASSPHRASE_NEEDED');
  } catch (error) {
    const locked = error instanceof KeyringError && error.reason === 'locked';
    return locked ? keyringFailure(error) : new AgentError('AGENT_PASSPHRASE_NEEDED');
  }
}

function keyringFailure(error: unknown): AgentError {
  const locked = error instanceof KeyringError && error.reason === 'locked';
  return new AgentError(locked ? 'AGENT_KEYRING_LOCKED' : 'AGENT_KEYRING_UNAVAILABLE', '', {
    cause: error,
  });
}
