// The file that says where the master key is: in the keyring under a name, or sealed here under a
// passphrase. One line of JSON and its SHA-256, so that damage is told from a wrong passphrase.

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { writeWholeFile } from '@rockpool/storage';
import { AgentError } from '../agent-errors.ts';
import { isWithinLimits, type SealedSecret } from './passphrase-seal.ts';

export type MasterKeyPlace =
  | { readonly kind: 'keyring'; readonly entry: string }
  | { readonly kind: 'passphrase'; readonly secret: SealedSecret };

const VERSION = 1;
const FILE_BYTES_MAX = 4096;
const ENTRY = /^[0-9a-f]{32}$/;

/** Undefined where there is no such file yet. Rejects with AGENT_KEY_FILE_DAMAGED. */
export async function readMasterKeyFile(path: string): Promise<MasterKeyPlace | undefined> {
  const text = await readShortFile(path);
  return text === undefined ? undefined : decodeMasterKeyFile(text);
}

export async function writeMasterKeyFile(path: string, place: MasterKeyPlace): Promise<void> {
  await writeWholeFile(path, Buffer.from(encodeMasterKeyFile(place)));
}

export function encodeMasterKeyFile(place: MasterKeyPlace): string {
  const line = JSON.stringify({ version: VERSION, ...fieldsOf(place) });
  return `${line}\n${digestOf(line)}\n`;
}

/** Throws AGENT_KEY_FILE_DAMAGED, or AGENT_STORE_VERSION for a whole file of another version. */
export function decodeMasterKeyFile(text: string): MasterKeyPlace {
  const [line = '', digest, rest] = text.split('\n');
  if (digest !== digestOf(line) || rest !== '') throw new AgentError('AGENT_KEY_FILE_DAMAGED');
  const fields = fieldsIn(line);
  if (fields['version'] !== VERSION) throw new AgentError('AGENT_STORE_VERSION', 'master-key.');
  const place = placeOf(fields);
  if (place === undefined) throw new AgentError('AGENT_KEY_FILE_DAMAGED');
  return place;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(place: MasterKeyPlace): Fields {
  if (place.kind === 'keyring') return { ...place };
  const { salt, nonce, sealed, ...cost } = place.secret;
  const hex = { salt: toHex(salt), nonce: toHex(nonce), sealed: toHex(sealed) };
  return { kind: place.kind, ...cost, ...hex };
}

function placeOf(fields: Fields): MasterKeyPlace | undefined {
  const { kind, entry } = fields;
  if (kind === 'keyring') {
    return typeof entry === 'string' && ENTRY.test(entry) ? { kind, entry } : undefined;
  }
  if (kind !== 'passphrase') return undefined;
  const secret: SealedSecret = {
    costLog2: Number(fields['costLog2']),
    blockSize: Number(fields['blockSize']),
    parallelization: Number(fields['parallelization']),
    salt: fromHex(fields['salt']),
    nonce: fromHex(fields['nonce']),
    sealed: fromHex(fields['sealed']),
  };
  return isWithinLimits(secret) ? { kind, secret } : undefined;
}

function fieldsIn(line: string): Fields {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Fields) : {};
  } catch {
    throw new AgentError('AGENT_KEY_FILE_DAMAGED');
  }
}

async function readShortFile(path: string): Promise<string | undefined> {
  try {
    const file = await open(path, 'r');
    try {
      const bytes = Buffer.alloc(FILE_BYTES_MAX);
      const { bytesRead } = await file.read(bytes, 0, FILE_BYTES_MAX, 0);
      return bytes.toString('utf8', 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new AgentError('AGENT_KEY_FILE_DAMAGED', path, { cause: error });
  }
}

function digestOf(line: string): string {
  return createHash('sha256').update(line).digest('hex');
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function fromHex(value: unknown): Uint8Array {
  return new Uint8Array(typeof value === 'string' ? Buffer.from(value, 'hex') : []);
}
