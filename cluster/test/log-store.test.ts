import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { batchKey, encodeStoredValue } from '@rockpool/storage';
import t from 'tap';
import { NOBODY } from '../src/core/configuration.ts';
import { baseAt } from '../src/core/entry.ts';
import { decodeIndex, encodeIndex, encodeLogBase } from '../src/format/group-records.ts';
import { encodeIdentity } from '../src/format/identity.ts';
import { decodeLogEntries } from '../src/format/log-entry.ts';
import { entryKey, KEY_KIND, rowKey, storeKey } from '../src/format/store-key.ts';
import { NodeError } from '../src/node-error.ts';
import { LogStore } from '../src/store/log-store.ts';
import { openNodeStore } from '../src/store/node-store.ts';
import {
  chainedEntries,
  createStore,
  type Disk,
  IDENTITY,
  logStoreSuite,
  openStore,
  stageDurably,
} from '../testing/log-store-suite.ts';
import { MemoryDisk } from '../testing/memory-store.ts';

const memory = (): { disk: Disk; content: MemoryDisk } => {
  const content = new MemoryDisk();
  return { disk: { open: async () => content.open() }, content };
};
const hex = (key: Uint8Array) => Buffer.from(key).toString('hex');

t.test('the store in memory', async (t) => {
  logStoreSuite(t, async () => memory().disk);
});

t.test('the store over LevelDB', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'rockpool-store-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  let made = 0;
  logStoreSuite(t, async () => {
    made += 1;
    const location = join(root, String(made));
    return { open: () => openNodeStore(location) };
  });
  t.test('[STO-4] a write-ahead log that is cut or damaged is a prefix, or refused', async (t) => {
    const location = join(root, 'cut');
    await createStore({ open: () => openNodeStore(location) });
    const row = rowKey(1, 1, Buffer.from('k'));
    const store = await openStore({ open: () => openNodeStore(location) });
    // Each batch holds an entry, the row that it writes, and the applied index, as a node writes them.
    const [hardState, ...entries] = chainedEntries(1, 12).reverse();
    await stageDurably(store, [hardState!]);
    const ballast = { key: rowKey(1, 2, Buffer.from('ballast')), payload: Buffer.alloc(7_000, 7) };
    for (const [at, entry] of entries.reverse().entries()) {
      const payload = encodeIndex(at + 1);
      const base = decodeLogEntries(entry.payload!)![0]!;
      const applied = {
        key: storeKey(KEY_KIND.applied, 1),
        payload: encodeLogBase(baseAt(base, NOBODY)),
      };
      await stageDurably(store, [entry, { key: row, payload }, ballast, applied]);
    }
    await store.close();
    const name = (await readdir(location)).find((file) => file.endsWith('.log')) ?? '';
    const log = await readFile(join(location, name));
    const outcomes = new Map<string, number>();
    const judge = async (damaged: Uint8Array, what: string) => {
      const copy = join(root, 'cut-copy');
      await cp(location, copy, { recursive: true });
      await writeFile(join(copy, name), damaged);
      const database = await openNodeStore(copy);
      const outcome = await LogStore.open(database, { onPoison: () => {} })
        .then(async (opened) => {
          const state = await opened.loadGroup(1);
          const [value] = await opened.getMany([row]);
          const rowIndex = value === undefined ? 0 : decodeIndex(value);
          const { index } = state.applied;
          const isPrefix = state.log.entries.length === index && rowIndex === index;
          return isPrefix ? 'prefix' : `${what}: ${state.log.entries.length} ${rowIndex}`;
        })
        .catch((error: unknown) => (error instanceof NodeError ? error.code : String(error)));
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      await database.close();
      await rm(copy, { recursive: true });
    };
    for (let at = 0; at < log.length; at += 4_001) {
      await judge(log.subarray(0, at), `cut at ${at}`);
      const flipped = log.slice();
      flipped[at]! ^= 1 << (at & 7);
      await judge(flipped, `flipped at ${at}`);
    }
    t.same([...outcomes.keys()].sort(), ['STORE_HOLE', 'prefix']);
    t.comment(JSON.stringify([...outcomes]));
  });
  t.test('a second process is told plainly that the store is in use', async (t) => {
    const first = await openNodeStore(join(root, 'shared'));
    await t.rejects(openNodeStore(join(root, 'shared')), { code: 'STORE_IN_USE' });
    await first.close();
  });
});

t.test('[STO-1] a corrupted row is never served, the others are', async (t) => {
  const { disk, content } = memory();
  await createStore(disk);
  const store = await openStore(disk);
  const [bad, good] = [rowKey(1, 1, Buffer.from('bad')), rowKey(1, 1, Buffer.from('good'))];
  await stageDurably(store, [
    { key: bad, payload: Buffer.from('value') },
    { key: good, payload: Buffer.from('value') },
  ]);
  const value = content.content.get(hex(bad))!;
  value[value.length - 1]! ^= 1;
  await t.rejects(store.getMany([bad]), { name: 'StoreDamagedError', code: 'STORE_DAMAGED' });
  t.same(await store.getMany([good]), [new Uint8Array(Buffer.from('value'))]);
  const everything = { from: rowKey(1, 1, new Uint8Array(0)), to: rowKey(1, 2, new Uint8Array(0)) };
  await t.rejects(store.scan(everything, 10), { code: 'STORE_DAMAGED' });
  await store.close();
});

t.test('[STO-3] [STO-1] data of another version is refused and names --fresh', async (t) => {
  const { disk, content } = memory();
  await createStore(disk);
  const key = storeKey(KEY_KIND.identity);
  const older = encodeIdentity({ ...IDENTITY, dataVersion: 0 });
  content.content.set(hex(key), encodeStoredValue(key, older));
  await t.rejects(openStore(disk), { code: 'STORE_VERSION', message: /--fresh/ });
});

t.test('[STO-4] a batch missing from the middle keeps the node from starting', async (t) => {
  const { disk, content } = memory();
  await createStore(disk);
  const store = await openStore(disk);
  for (let at = 0; at < 20; at += 1) {
    const key = rowKey(1, 1, Buffer.from(`k${at}`));
    await stageDurably(store, [{ key, payload: Buffer.from('x') }]);
  }
  await store.close();
  const fine = await openStore(disk);
  await fine.close();
  content.content.delete(hex(batchKey(9)));
  await t.rejects(openStore(disk), { code: 'STORE_HOLE' });
});

t.test('[STO-4] the ring of batch numbers stays checkable when it wraps', async (t) => {
  const { disk, content } = memory();
  await createStore(disk);
  content.content.delete(hex(batchKey(1)));
  for (let batch = 10; batch < 65_546; batch += 1) {
    const key = batchKey(batch);
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(batch, 4);
    content.content.set(hex(key), encodeStoredValue(key, payload));
  }
  const wrapped = await openStore(disk);
  await wrapped.close();
  const stale = batchKey(70);
  content.content.set(hex(stale), encodeStoredValue(stale, Buffer.from('0000000000000001', 'hex')));
  await t.rejects(openStore(disk), { code: 'STORE_HOLE' });
});

t.test('[STO-8] a gap, a swapped entry or a lost tail keeps the node from starting', async (t) => {
  const damage = async (change: (content: MemoryDisk) => void) => {
    const { disk, content } = memory();
    await createStore(disk);
    const store = await openStore(disk);
    await stageDurably(store, chainedEntries(1, 10));
    const ninth = chainedEntries(1, 10).find(({ key }) => hex(key) === hex(entryKey(1, 9)));
    const applied = encodeLogBase(baseAt(decodeLogEntries(ninth!.payload!)![0]!, NOBODY));
    await stageDurably(store, [{ key: storeKey(KEY_KIND.applied, 1), payload: applied }]);
    change(content);
    try {
      await store.loadGroup(1);
      return 'loaded';
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  t.equal(await damage(() => {}), 'loaded');
  t.equal(await damage(({ content }) => content.delete(hex(entryKey(1, 5)))), 'STORE_HOLE');
  t.equal(await damage(({ content }) => content.delete(hex(entryKey(1, 10)))), 'loaded');
  const lose = ({ content }: MemoryDisk) => {
    content.delete(hex(entryKey(1, 10)));
    content.delete(hex(entryKey(1, 9)));
  };
  t.equal(await damage(lose), 'STORE_HOLE', 'applied beyond the log');
  const forget = ({ content }: MemoryDisk) => content.delete(hex(storeKey(KEY_KIND.hardState, 1)));
  t.equal(await damage(forget), 'STORE_HOLE', 'entries without the term they came in');
});

t.test(
  '[X07] after one failed write nothing more is written, and nobody is told it is durable',
  async (t) => {
    const { disk, content } = memory();
    await createStore(disk);
    let code: string | undefined;
    const onPoison = (error: { code: string }) => {
      code = error.code;
    };
    const store = await LogStore.open(await disk.open(), { onPoison });
    const writes = content.writes;
    content.failWith = new Error('no space left on device');
    const key = rowKey(1, 1, Buffer.from('k'));
    let durable = 0;
    const count = () => {
      durable += 1;
    };
    store.stage([{ key, payload: Buffer.from('x') }], 'urgent', count);
    await t.rejects(store.settle(), { code: 'STORE_WRITE_FAILED' });
    t.equal(code, 'STORE_WRITE_FAILED');
    store.stage([{ key, payload: Buffer.from('x') }], 'urgent', count);
    await t.rejects(store.settle());
    t.equal(content.writes, writes);
    t.equal(durable, 0);
  },
);

t.test(
  'lazy rows wait for company, and a writer with too much to do makes others wait',
  async (t) => {
    const { disk, content } = memory();
    await createStore(disk);
    const store = await LogStore.open(await disk.open(), { onPoison: () => {}, lazyMs: 60_000 });
    const writes = content.writes;
    const stage = (name: string, urgency: 'urgent' | 'lazy', length: number) =>
      store.stage(
        [{ key: rowKey(1, 1, Buffer.from(name)), payload: Buffer.alloc(length) }],
        urgency,
      );
    stage('a', 'lazy', 1);
    stage('b', 'urgent', 1);
    await store.settle();
    t.equal(content.writes, writes + 1, 'one batch took both');
    let open: () => void = () => {};
    content.gate = new Promise((resolve) => {
      open = resolve;
    });
    stage('c', 'urgent', 1);
    await Promise.resolve();
    stage('d', 'urgent', 20_000_000);
    let passed = false;
    const room = store.room().then(() => {
      passed = true;
    });
    await Promise.resolve();
    t.notOk(passed, 'no room while 20 MB wait');
    open();
    await room;
    t.ok(passed);
    await store.close();
  },
);
