import { randomBytes, webcrypto } from 'node:crypto';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDeviceKeys, type StorePort } from '@rockpool/client-core';
import fc from 'fast-check';
import t from 'tap';
import { nodeCrypto, subtle } from '../src/adapters/crypto.ts';
import { sealedKeyStore } from '../src/adapters/key-store.ts';
import { type Keyring, KeyringError, type KeyringFailure } from '../src/adapters/keyring.ts';
import { type MasterKeySources, openMasterKey } from '../src/adapters/master-key.ts';
import {
  decodeMasterKeyFile,
  encodeMasterKeyFile,
  type MasterKeyPlace,
} from '../src/adapters/master-key-file.ts';
import { AgentError } from '../src/agent-errors.ts';

const root = t.testdir();
const freshFile = async () => join(await mkdtemp(join(root, 'key-')), 'master-key');
const sealCost = { costLog2: 4 };
const GOOD = 'correct horse battery staple';

class MemoryKeyring implements Keyring {
  readonly entries = new Map<string, Uint8Array>();
  failure: KeyringFailure | undefined;

  async read(name: string): Promise<Uint8Array | undefined> {
    if (this.failure) throw new KeyringError(this.failure);
    return this.entries.get(name);
  }

  async write(name: string, secret: Uint8Array): Promise<void> {
    if (this.failure) throw new KeyringError(this.failure);
    this.entries.set(name, secret);
  }
}

function sources(keyring: Keyring | undefined, passphrase?: string): MasterKeySources {
  return { keyring, passphrases: { ask: async () => passphrase }, sealCost };
}

function memoryRows(): StorePort & { readonly content: Map<string, Uint8Array> } {
  const content = new Map<string, Uint8Array>();
  return {
    content,
    get: async (key) => content.get(key),
    async write(rows) {
      for (const [key, value] of rows) {
        if (value === undefined) content.delete(key);
        else content.set(key, value);
      }
    },
    list: async () => [...content],
  };
}

t.test('a keyring keeps the key from one start to the next', async (t) => {
  const [path, keyring] = [await freshFile(), new MemoryKeyring()];
  const key = await openMasterKey(path, sources(keyring));
  t.equal(key.length, 32);
  t.same(await openMasterKey(path, sources(keyring)), key);
  t.notMatch(await readFile(path, 'utf8'), Buffer.from(key).toString('hex'));
});

t.test('a keyring that is locked, away or emptied is said to be so', async (t) => {
  const [path, keyring] = [await freshFile(), new MemoryKeyring()];
  await openMasterKey(path, sources(keyring));
  keyring.failure = 'locked';
  await t.rejects(openMasterKey(path, sources(keyring, GOOD)), { code: 'AGENT_KEYRING_LOCKED' });
  keyring.failure = 'unavailable';
  await t.rejects(openMasterKey(path, sources(keyring)), { code: 'AGENT_KEYRING_UNAVAILABLE' });
  await t.rejects(openMasterKey(path, sources(undefined)), { code: 'AGENT_KEYRING_UNAVAILABLE' });
  keyring.failure = undefined;
  keyring.entries.clear();
  await t.rejects(openMasterKey(path, sources(keyring)), { code: 'AGENT_KEYRING_EMPTY' });
});

t.test('without a keyring a passphrase seals the key', async (t) => {
  const path = await freshFile();
  await t.rejects(openMasterKey(path, sources(undefined)), { code: 'AGENT_PASSPHRASE_NEEDED' });
  await t.rejects(openMasterKey(path, sources(undefined, 'short')), {
    code: 'AGENT_PASSPHRASE_UNFIT',
  });
  const unlucky = new MemoryKeyring();
  unlucky.failure = 'locked';
  await t.rejects(openMasterKey(path, sources(unlucky)), { code: 'AGENT_KEYRING_LOCKED' });
  unlucky.failure = 'unavailable';
  const key = await openMasterKey(path, sources(unlucky, GOOD));
  t.same(await openMasterKey(path, sources(new MemoryKeyring(), GOOD)), key);
  for (const wrong of [
    'correct horse battery stable',
    GOOD.toUpperCase(),
    '',
    'x'.repeat(10_000),
  ]) {
    await t.rejects(openMasterKey(path, sources(undefined, wrong)), {
      code: 'AGENT_PASSPHRASE_WRONG',
    });
  }
  await t.rejects(openMasterKey(path, sources(undefined)), { code: 'AGENT_PASSPHRASE_NEEDED' });
});

t.test('the same letters in another Unicode form are the same passphrase', async (t) => {
  const path = await freshFile();
  const key = await openMasterKey(path, sources(undefined, 'caf\u00e9 caf\u00e9 caf\u00e9'));
  t.same(await openMasterKey(path, sources(undefined, 'cafe\u0301 cafe\u0301 cafe\u0301')), key);
});

t.test('a changed file is damage, and never a wrong passphrase', async (t) => {
  const path = await freshFile();
  await openMasterKey(path, sources(undefined, GOOD));
  const file = await readFile(path);
  for (let at = 0; at < file.length; at++) {
    const changed = Buffer.from(file);
    changed[at]! ^= 1;
    await writeFile(path, changed);
    await t.rejects(openMasterKey(path, sources(undefined, GOOD)), {
      code: 'AGENT_KEY_FILE_DAMAGED',
    });
    await writeFile(path, file.subarray(0, at));
    await t.rejects(openMasterKey(path, sources(undefined, GOOD)), {
      code: 'AGENT_KEY_FILE_DAMAGED',
    });
  }
});

t.test('a file that asks for more than this program gives is refused', (t) => {
  const secret = {
    costLog2: 17,
    blockSize: 8,
    parallelization: 1,
    salt: new Uint8Array(16),
    nonce: new Uint8Array(12),
    sealed: new Uint8Array(48),
  };
  const place: MasterKeyPlace = { kind: 'passphrase', secret };
  t.same(decodeMasterKeyFile(encodeMasterKeyFile(place)), place);
  for (const odd of [
    { costLog2: 31 },
    { costLog2: 1.5 },
    { blockSize: 1_000 },
    { parallelization: 0 },
    { salt: new Uint8Array(0) },
    { sealed: new Uint8Array(47) },
  ]) {
    const text = encodeMasterKeyFile({ kind: 'passphrase', secret: { ...secret, ...odd } });
    t.throws(() => decodeMasterKeyFile(text), { code: 'AGENT_KEY_FILE_DAMAGED' });
  }
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      try {
        decodeMasterKeyFile(text);
        return false;
      } catch (error) {
        return error instanceof AgentError;
      }
    }),
  );
  t.end();
});

t.test("a device's keys outlive the process, and their private halves stay inside", async (t) => {
  const [rows, masterKey] = [memoryRows(), new Uint8Array(randomBytes(32))];
  const port = () =>
    createDeviceKeys(subtle, sealedKeyStore(rows, masterKey), { exportable: true });
  const made = await port().create('me');
  t.same(await port().load('me'), made);
  const message = Uint8Array.of(1, 2, 3);
  const { verifyP256, seal } = nodeCrypto();
  t.ok(await verifyP256(made.sign, message, await port().sign('me', message)));
  const sealed = await seal(made.ecdh, message, Uint8Array.of(9));
  t.same(await port().open('me', sealed, Uint8Array.of(9)), message);
  const held = await sealedKeyStore(rows, masterKey).get('me:sign');
  t.equal(held?.privateKey.extractable, false);
  const privateKey = held?.privateKey as webcrypto.CryptoKey;
  await t.rejects(webcrypto.subtle.exportKey('pkcs8', privateKey));
  await port().remove('me');
  t.equal(await port().load('me'), undefined);
});

t.test(
  'keys under another master key, another name or with a changed bit are refused',
  async (t) => {
    const [rows, masterKey] = [memoryRows(), new Uint8Array(randomBytes(32))];
    await createDeviceKeys(subtle, sealedKeyStore(rows, masterKey), { exportable: true }).create(
      'me',
    );
    const refused = { code: 'AGENT_KEYS_DAMAGED' };
    await t.rejects(sealedKeyStore(rows, new Uint8Array(32)).get('me:sign'), refused);
    const row = rows.content.get('me:sign') ?? new Uint8Array();
    rows.content.set('you:sign', row);
    await t.rejects(sealedKeyStore(rows, masterKey).get('you:sign'), refused);
    for (let at = 0; at < row.length; at += 7) {
      const changed = row.slice();
      changed[at]! ^= 0x10;
      rows.content.set('me:sign', changed);
      await t.rejects(sealedKeyStore(rows, masterKey).get('me:sign'), refused);
    }
    rows.content.set('me:sign', new Uint8Array(3));
    await t.rejects(sealedKeyStore(rows, masterKey).get('me:sign'), refused);
  },
);

t.test('a hash is the same on this thread and on another', async (t) => {
  const { sha256 } = nodeCrypto();
  for (const length of [0, 1, 1024 * 1024, 1024 * 1024 + 1]) {
    const data = new Uint8Array(length).fill(7);
    const digest = new Uint8Array(await webcrypto.subtle.digest('SHA-256', data));
    t.same(await sha256(data), digest);
  }
});
