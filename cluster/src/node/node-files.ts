// What init leaves in a data directory: node.json (who this node is; no secret), node.key (mode
// 0600), node.crt, and store/; its first start adds last-batch, the number of the newest batch in the
// store. node.json is written last: it says that the directory is complete.

import { createPrivateKey, sign, verify, X509Certificate } from 'node:crypto';
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncDirectory, writeWholeFile } from '@rockpool/storage';
import { NodeError } from '../node-error.ts';
import type { NodeKey } from '../peer/node-key.ts';

const NODE_FILE_VERSION = 1;
const PROOF = Buffer.from('rockpool: this key is whole');
const HEX_16 = /^[0-9a-f]{32}$/;

export interface NodeFile {
  readonly version: number;
  readonly clusterId: string;
  readonly nodeId: string;
  readonly name: string;
}

export function storeLocation(dataDir: string): string {
  return join(dataDir, 'store');
}

export function lastBatchLocation(dataDir: string): string {
  return join(dataDir, 'last-batch');
}

export async function hasNodeFile(dataDir: string): Promise<boolean> {
  try {
    await access(nodeFileLocation(dataDir));
    return true;
  } catch {
    return false;
  }
}

/** Makes the directory if need be; refuses one with content that init would have to overwrite. */
export async function prepareDataDir(dataDir: string): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const taken = new Set(await readdir(dataDir));
  for (const name of ['node.json', 'node.key', 'node.crt', 'store', 'last-batch', 'ballast']) {
    if (taken.has(name)) throw new NodeError('NODE_ALREADY_INITIALISED', join(dataDir, name));
  }
}

export async function writeNodeKey(dataDir: string, key: NodeKey): Promise<void> {
  await writeFile(join(dataDir, 'node.key'), key.key, { mode: 0o600, flag: 'wx', flush: true });
  await writeFile(join(dataDir, 'node.crt'), key.certificate, { flag: 'wx', flush: true });
}

export async function writeNodeFile(dataDir: string, file: Omit<NodeFile, 'version'>) {
  const text = `${JSON.stringify({ version: NODE_FILE_VERSION, ...file }, null, 2)}\n`;
  await writeFile(nodeFileLocation(dataDir), text, { flag: 'wx', flush: true });
}

/** Beside node.json, until finishNodeFile() puts it in its place. */
export async function stageNodeFile(dataDir: string, file: NodeFile): Promise<void> {
  await rm(nextNodeFileLocation(dataDir), { force: true });
  const text = `${JSON.stringify(file, null, 2)}\n`;
  await writeWholeFile(nextNodeFileLocation(dataDir), Buffer.from(text));
}

/** Undefined where there is none, or none that can be read. */
export async function readNextNodeFile(dataDir: string): Promise<NodeFile | undefined> {
  try {
    return parseNodeFile(await readFile(nextNodeFileLocation(dataDir), 'utf8'));
  } catch {
    return undefined;
  }
}

export async function finishNodeFile(dataDir: string): Promise<void> {
  await rename(nextNodeFileLocation(dataDir), nodeFileLocation(dataDir));
  await syncDirectory(dataDir);
}

/** Rejects with NODE_NOT_INITIALISED, NODE_FILE_INVALID or STORE_VERSION. */
export async function readNodeFiles(dataDir: string): Promise<{ file: NodeFile; key: NodeKey }> {
  if (!(await hasNodeFile(dataDir))) throw new NodeError('NODE_NOT_INITIALISED', dataDir);
  try {
    const file = parseNodeFile(await readFile(nodeFileLocation(dataDir), 'utf8'));
    const key = await readFile(join(dataDir, 'node.key'), 'utf8');
    const certificate = await readFile(join(dataDir, 'node.crt'), 'utf8');
    requirePair(key, certificate);
    return { file, key: { key, certificate } };
  } catch (error) {
    if (error instanceof NodeError) throw error;
    throw new NodeError('NODE_FILE_INVALID', dataDir, { cause: error });
  }
}

/**
 * Here and not in the first handshake, so that a damaged file is told as what it is. A key's file holds the
 * public point beside the secret number: only a signature shows whether that number is whole.
 */
function requirePair(key: string, certificate: string): void {
  const parsed = new X509Certificate(certificate);
  const secret = createPrivateKey(key);
  const signature = sign('sha256', PROOF, secret);
  const isPair =
    parsed.checkPrivateKey(secret) &&
    parsed.verify(parsed.publicKey) &&
    verify('sha256', PROOF, parsed.publicKey, signature);
  if (!isPair) throw new NodeError('NODE_FILE_INVALID', 'node.crt does not fit node.key.');
}

function parseNodeFile(text: string): NodeFile {
  const value: unknown = JSON.parse(text);
  const fields =
    typeof value === 'object' && value !== null ? new Map(Object.entries(value)) : null;
  const version: unknown = fields?.get('version');
  if (typeof version === 'number' && version !== NODE_FILE_VERSION) {
    throw new NodeError('STORE_VERSION', `node.json has version ${version}.`);
  }
  const clusterId: unknown = fields?.get('clusterId');
  const nodeId: unknown = fields?.get('nodeId');
  const name: unknown = fields?.get('name');
  const isWhole =
    version === NODE_FILE_VERSION &&
    typeof clusterId === 'string' &&
    typeof nodeId === 'string' &&
    typeof name === 'string' &&
    HEX_16.test(clusterId) &&
    HEX_16.test(nodeId);
  if (!isWhole) throw new NodeError('NODE_FILE_INVALID', 'node.json lacks a field.');
  return { version, clusterId, nodeId, name };
}

function nodeFileLocation(dataDir: string): string {
  return join(dataDir, 'node.json');
}

function nextNodeFileLocation(dataDir: string): string {
  return join(dataDir, 'node.json.next');
}
