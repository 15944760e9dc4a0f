import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openLevelStore } from '../src/level-store.ts';

const failWith = (code: string, detail: string, options?: ErrorOptions) =>
  Object.assign(new Error(detail, options), { code });

async function openStore() {
  const location = await mkdtemp(join(tmpdir(), 'rockpool-level-'));
  t.teardown(() => rm(location, { recursive: true, force: true }));
  return await openLevelStore(location, failWith);
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
