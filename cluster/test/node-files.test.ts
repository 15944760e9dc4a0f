// A node's own files as damage leaves them: told at start, by a code, and never by peers that hang up.

import { sign, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { readNodeFiles, writeNodeFile, writeNodeKey } from '../src/node/node-files.ts';
import { makeNodeKey, type NodeKey } from '../src/peer/node-key.ts';

/** Of the number that is the key on P-256. */
const SECRET_BITS = 256;
/** Prime to eight, so that every place within a byte has its turn. */
const BIT_STEP = 3;
const FILE = { version: 1, clusterId: 'a'.repeat(32), nodeId: 'b'.repeat(32), name: 'one' };

async function directoryOf(key: NodeKey): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rockpool-node-files-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  await writeNodeKey(dataDir, key);
  await writeNodeFile(dataDir, FILE);
  return dataDir;
}

/** The code of the refusal, or nothing. */
function codeOf(dataDir: string): Promise<unknown> {
  return readNodeFiles(dataDir).then(
    () => undefined,
    (error: { code: unknown }) => error.code,
  );
}

/** The DER inside a PEM text, so that what changes is the key and not a line break. */
function flipped(pem: string, bit: number): string {
  const [first = '', ...rest] = pem.trim().split(/\r?\n/);
  const der = Buffer.from(rest.slice(0, -1).join(''), 'base64');
  der[bit >> 3]! ^= 1 << (bit & 7);
  return [first, ...(der.toString('base64').match(/.{1,64}/g) ?? []), rest.at(-1), ''].join('\n');
}

/** Whether the key, as it stands in the file, still signs for the certificate. */
function isWhole(dataDir: string, certificate: string): boolean {
  const bytes = Buffer.from('any');
  const signature = sign('sha256', bytes, readFileSync(join(dataDir, 'node.key'), 'utf8'));
  return verify('sha256', bytes, new X509Certificate(certificate).publicKey, signature);
}

t.test('a bit of the key changes: refused, or the key is as good as before', async (t) => {
  const key = await makeNodeKey(FILE.nodeId);
  const dataDir = await directoryOf(key);
  t.equal(await codeOf(dataDir), undefined);
  const bits = Buffer.from(key.key.replace(/-----[^-]+-----|\s/g, ''), 'base64').length * 8;
  const found = { refused: 0, taken: 0, takenWrongly: 0 };
  for (let bit = 0; bit < bits; bit += BIT_STEP) {
    await writeFile(join(dataDir, 'node.key'), flipped(key.key, bit));
    const code = await codeOf(dataDir);
    if (code === 'NODE_FILE_INVALID') found.refused += 1;
    else if (code === undefined && isWhole(dataDir, key.certificate)) found.taken += 1;
    else found.takenWrongly += 1;
  }
  t.equal(found.takenWrongly, 0);
  // All of the secret number, and more; the bits of a version field mean nothing to the signature.
  t.ok(found.refused > SECRET_BITS / BIT_STEP, JSON.stringify(found));
});

t.test('a whole key beside the certificate of another one is refused', async (t) => {
  const [one, other] = [await makeNodeKey(FILE.nodeId), await makeNodeKey(FILE.nodeId)];
  const dataDir = await directoryOf({ key: one.key, certificate: other.certificate });
  t.equal(await codeOf(dataDir), 'NODE_FILE_INVALID');
});
