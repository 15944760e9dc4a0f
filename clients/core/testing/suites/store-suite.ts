import type { StorePort } from '../../src/ports.ts';
import { isEqual, pattern, type SuiteTest } from './suite-test.ts';

/** One device's store, which can be left and found again. */
export interface StorePlace {
  readonly store: StorePort;
  /** Closes the store and opens it anew, as the next start does. */
  reopen(): Promise<StorePort>;
  close(): Promise<void>;
}

const MANY_ROWS = 3_000;
const LARGE_BYTES = 1_500_000;

const bytes = (...values: number[]) => Uint8Array.from(values);

/** Keys are ASCII, as the engine's are. */
export function storeSuite(t: SuiteTest, open: () => Promise<StorePlace>): void {
  const test = (name: string, run: (t: SuiteTest, place: StorePlace) => Promise<void>) =>
    t.test(name, async (t) => {
      const place = await open();
      try {
        await run(t, place);
      } finally {
        await place.close();
      }
    });

  test('a row that was written is read, until it is deleted', async (t, { store }) => {
    t.equal(await store.get('suite/none'), undefined);
    await store.write([['suite/a', bytes(1, 2, 3)]]);
    t.same([...((await store.get('suite/a')) ?? [])], [1, 2, 3]);
    await store.write([['suite/a', undefined]]);
    t.equal(await store.get('suite/a'), undefined);
    await store.write([['suite/a', undefined]]);
    await store.write([]);
  });
  test('a row may be empty, and is not the same as none', async (t, { store }) => {
    await store.write([['empty/a', bytes()]]);
    t.equal((await store.get('empty/a'))?.length, 0);
    t.equal((await store.list('empty/')).length, 1);
  });
  test('a batch is one: the last word on a key counts', async (t, { store }) => {
    await store.write([
      ['batch/a', bytes(1)],
      ['batch/b', bytes(2)],
      ['batch/a', bytes(3)],
      ['batch/c', bytes(4)],
      ['batch/c', undefined],
    ]);
    t.same([...((await store.get('batch/a')) ?? [])], [3]);
    t.same([...((await store.get('batch/b')) ?? [])], [2]);
    t.equal(await store.get('batch/c'), undefined);
  });
  test('rows list by prefix in ascending order, and none beside them', async (t, { store }) => {
    await store.write([
      ['list/b', bytes(2)],
      ['list/a', bytes(1)],
      ['lisu', bytes(9)],
      ['list', bytes(9)],
      ['list/a/x', bytes(3)],
      ['list0', bytes(9)],
      ['list/~', bytes(4)],
      ['list/ ', bytes(5)],
    ]);
    const keys = async (prefix: string) => (await store.list(prefix)).map(([key]) => key);
    t.same(await keys('list/'), ['list/ ', 'list/a', 'list/a/x', 'list/b', 'list/~']);
    t.same(await keys('list/a'), ['list/a', 'list/a/x'], 'a key is its own prefix');
    t.same(await keys('list/~'), ['list/~']);
    t.same(await keys('list/c'), []);
    t.same(
      (await store.list('list/a')).map(([, value]) => [...value]),
      [[1], [3]],
    );
  });
  test('what was handed over may be changed afterwards', async (t, { store }) => {
    const value = bytes(7);
    const written = store.write([['own/a', value]]);
    value[0] = 8;
    await written;
    const read = (await store.get('own/a')) ?? bytes();
    t.same([...read], [7]);
    read[0] = 9;
    t.same([...((await store.get('own/a')) ?? [])], [7]);
  });
  test('writes that overlap in time all arrive, the later over the earlier', async (t, place) => {
    const { store } = place;
    const writes = Array.from({ length: 40 }, (_, at) =>
      store.write([
        [`overlap/${at}`, bytes(at)],
        ['overlap/last', bytes(at)],
      ]),
    );
    await Promise.all(writes);
    t.equal((await store.list('overlap/')).length, 41);
    t.same([...((await store.get('overlap/last')) ?? [])], [39]);
  });
  test('many rows and large ones are kept, also over a restart', async (t, place) => {
    const many = Array.from({ length: MANY_ROWS }, (_, at) => {
      return [`many/${String(at).padStart(6, '0')}`, pattern(100, at)] as const;
    });
    const large = pattern(LARGE_BYTES, 5);
    await place.store.write(many);
    await place.store.write([['large/a', large]]);
    await place.store.write([['many/000007', undefined]]);
    const store = await place.reopen();
    const rows = await store.list('many/');
    t.equal(rows.length, MANY_ROWS - 1);
    t.same(
      rows.map(([key]) => key),
      many.map(([key]) => key).filter((key) => key !== 'many/000007'),
    );
    t.ok(rows.every(([key, value]) => isEqual(value, pattern(100, Number(key.slice(5))))));
    t.ok(isEqual(await store.get('large/a'), large));
  });
}
