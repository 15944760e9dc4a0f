import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openLevelStore } from '../src/level-store.ts';

const failWith = (code: string, detail: string, options?: ErrorOptions) =>
  Object.assign(new Error(detail, options), { code });

async function newPlace(): Promise<string> {
  const location = await mkdtemp(join(tmpdir(), 'rockpool-level-'));
  t.teardown(() => rm(location, { recursive: true, force: true }));
  return location;
}

async function openStore() {
  return await openLevelStore(await newPlace(), failWith);
}

/** How much a new store gathers before it writes it to a table. */
async function firstTableBytes(): Promise<number> {
  const location = await newPlace();
  const store = await openLevelStore(location, failWith);
  const value = Buffer.alloc(65_536);
  for (let at = 0; at < 180; at += 1) {
    await store.write([{ key: Buffer.from(`${1_000 + at}`), value }]);
  }
  await store.close();
  const [first] = (await readdir(location)).filter((name) => name.endsWith('.ldb')).sort();
  return (await stat(join(location, first ?? 'no table'))).size;
}

const put = (name: string, value: string) => ({
  key: Buffer.from(name),
  value: Buffer.from(value),
});

t.test('each write holds its own operations and none of those before', async (t) => {
  const store = await openStore();
  await store.write([put('a', '1'), put('b', '1')]);
  await store.write([put('b', '2'), { key: Buffer.from('a'), value: null }]);
  await store.write([put('c', '3')]);
  await store.write([]);
  // A second one while the first is under way, and one that is larger than what is kept.
  const large = 'x'.repeat(2_000_000);
  await Promise.all([store.write([put('d', '4')]), store.write([put('e', large)])]);
  await store.write([put('d', '5')]);
  const found = await store.getMany(['a', 'b', 'c', 'd', 'e'].map((name) => Buffer.from(name)));
  const texts = found.map((value) => value && Buffer.from(value).toString());
  t.same(texts, [undefined, '2', '3', '5', large]);
  await store.close();
});

t.test('a write to a closed store rejects, and closing waits for one under way', async (t) => {
  const store = await openStore();
  await store.write([put('a', '1')]);
  const written = store.write([put('b', '2')]);
  await store.close();
  await written;
  await t.rejects(store.write([put('c', '3')]), { code: 'LEVEL_DATABASE_NOT_OPEN' });
});

t.test('stores that hold the same do not write their tables in the same moment', async (t) => {
  const sizes = new Set<number>();
  for (let stores = 0; stores < 4; stores += 1) sizes.add(await firstTableBytes());
  t.ok(sizes.size > 1, `tables of ${[...sizes].join(', ')} bytes`);
});
