// What every implementation of a port must do: run against the fakes here and against the adapters
// of each platform, so that the fakes stay honest.

import type { Test } from 'tap';
import type { BlobPort, StorePort } from '../src/ports.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

export function storeSuite(t: Test, open: () => Promise<StorePort>): void {
  t.test('a row that was written is read, until it is deleted', async (t) => {
    const store = await open();
    t.equal(await store.get('suite/none'), undefined);
    await store.write([['suite/a', bytes(1, 2, 3)]]);
    t.same([...((await store.get('suite/a')) ?? [])], [1, 2, 3]);
    await store.write([['suite/a', undefined]]);
    t.equal(await store.get('suite/a'), undefined);
  });
  t.test('a batch is one: the last word on a key counts', async (t) => {
    const store = await open();
    await store.write([
      ['batch/a', bytes(1)],
      ['batch/b', bytes(2)],
      ['batch/a', bytes(3)],
    ]);
    t.same([...((await store.get('batch/a')) ?? [])], [3]);
    t.same([...((await store.get('batch/b')) ?? [])], [2]);
  });
  t.test('rows list by prefix in ascending order, and none beside them', async (t) => {
    const store = await open();
    await store.write([
      ['list/b', bytes(2)],
      ['list/a', bytes(1)],
      ['lisu', bytes(9)],
      ['list/a/x', bytes(3)],
    ]);
    const rows = await store.list('list/');
    t.same(
      rows.map(([key, value]) => [key, ...value]),
      [
        ['list/a', 1],
        ['list/a/x', 3],
        ['list/b', 2],
      ],
    );
  });
  t.test('what was handed over may be changed afterwards', async (t) => {
    const store = await open();
    const value = bytes(7);
    await store.write([['own/a', value]]);
    value[0] = 8;
    t.same([...((await store.get('own/a')) ?? [])], [7]);
  });
}

export function blobSuite(t: Test, open: () => Promise<BlobPort>): void {
  t.test('content is written and read at any offset, in any order', async (t) => {
    const blobs = await open();
    await blobs.write('suite1', 4, bytes(5, 6));
    await blobs.write('suite1', 0, bytes(1, 2, 3, 4));
    await blobs.flush('suite1');
    t.not(await blobs.room(), 0);
    t.equal(await blobs.size('suite1'), 6);
    t.same([...(await blobs.read('suite1', 1, 4))], [2, 3, 4, 5]);
    await blobs.remove('suite1');
  });
  t.test('writes that overlap in time all arrive', async (t) => {
    const blobs = await open();
    const writes = Array.from({ length: 16 }, (_, i) =>
      blobs.write('suite2', i * 1000, new Uint8Array(1000).fill(i)),
    );
    await Promise.all(writes);
    t.equal(await blobs.size('suite2'), 16_000);
    for (let i = 0; i < 16; i++) t.equal((await blobs.read('suite2', i * 1000 + 999, 1))[0], i);
    await blobs.remove('suite2');
  });
  t.test('a read beyond the end is short; what is not there has no size', async (t) => {
    const blobs = await open();
    await blobs.write('suite3', 0, bytes(1, 2));
    t.same([...(await blobs.read('suite3', 1, 10))], [2]);
    await blobs.remove('suite3');
    t.equal(await blobs.size('suite3'), undefined);
  });
}
