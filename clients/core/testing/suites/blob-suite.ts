import type { BlobPort } from '../../src/ports.ts';
import { isEqual, pattern, type SuiteTest } from './suite-test.ts';

/** One device's blobs, which can be left and found again. */
export interface BlobPlace {
  readonly blobs: BlobPort;
  /** Closes everything and opens it anew, as the next start does. */
  reopen(): Promise<BlobPort>;
  close(): Promise<void>;
}

/** More files than any platform keeps open. */
const MANY_FILES = 100;
const LARGE_BYTES = 3_000_000;

const bytes = (...values: number[]) => Uint8Array.from(values);

/** Names are 1 to 64 hex digits, as the engine's are. */
export function blobSuite(t: SuiteTest, open: () => Promise<BlobPlace>): void {
  const test = (name: string, run: (t: SuiteTest, place: BlobPlace) => Promise<void>) =>
    t.test(name, async (t) => {
      const place = await open();
      try {
        await run(t, place);
      } finally {
        await place.close();
      }
    });

  test('content is written and read at any offset, in any order', async (t, { blobs }) => {
    await blobs.write('a1', 4, bytes(5, 6));
    await blobs.write('a1', 0, bytes(1, 2, 3, 4));
    await blobs.flush('a1');
    t.ok((await blobs.room()) !== 0);
    t.equal(await blobs.size('a1'), 6);
    t.same([...(await blobs.read('a1', 1, 4))], [2, 3, 4, 5]);
    await blobs.write('a1', 2, bytes(9));
    t.same([...(await blobs.read('a1', 0, 6))], [1, 2, 9, 4, 5, 6]);
    await blobs.remove('a1');
  });
  test('writes that overlap in time all arrive', async (t, { blobs }) => {
    const writes = Array.from({ length: 16 }, (_, i) =>
      blobs.write('a2', i * 1000, new Uint8Array(1000).fill(i)),
    );
    await Promise.all(writes);
    t.equal(await blobs.size('a2'), 16_000);
    for (let i = 0; i < 16; i++) t.equal((await blobs.read('a2', i * 1000 + 999, 1))[0], i);
    await blobs.remove('a2');
  });
  test('what was handed over may be changed once it is written', async (t, { blobs }) => {
    const data = bytes(1, 2);
    await blobs.write('a6', 0, data);
    data.fill(9);
    t.same([...(await blobs.read('a6', 0, 2))], [1, 2]);
    await blobs.remove('a6');
  });
  test('a read beyond the end is short; what is not there has no size', async (t, { blobs }) => {
    await blobs.write('a3', 0, bytes(1, 2));
    t.same([...(await blobs.read('a3', 1, 10))], [2]);
    t.equal((await blobs.read('a3', 5, 1)).length, 0);
    await blobs.remove('a3');
    t.equal(await blobs.size('a3'), undefined);
    t.equal((await blobs.read('a3', 0, 1)).length, 0);
    await blobs.remove('a3');
    await blobs.flush('a3');
  });
  test('what was never written inside a file reads as zeros', async (t, { blobs }) => {
    await blobs.write('a4', 3, bytes(1));
    t.same([...(await blobs.read('a4', 0, 4))], [0, 0, 0, 1]);
    await blobs.remove('a4');
  });
  test('a read and a write may ask for a new file at once', async (t, { blobs }) => {
    const [read] = await Promise.all([
      blobs.read('a5', 0, 1),
      blobs.write('a5', 0, bytes(7)),
      blobs.write('a5', 1, bytes(8)),
    ]);
    t.ok(read.length <= 1);
    t.same([...(await blobs.read('a5', 0, 2))], [7, 8]);
    await blobs.remove('a5');
  });
  test('many files and large ones are kept, also over a restart', async (t, place) => {
    const large = pattern(LARGE_BYTES, 3);
    const name = (at: number) => `b${at.toString(16)}`;
    await place.blobs.write('c1', 0, large);
    for (let at = 0; at < MANY_FILES; at++) await place.blobs.write(name(at), at, bytes(at));
    await place.blobs.flush('c1');
    for (let at = 0; at < MANY_FILES; at++) await place.blobs.flush(name(at));
    const blobs = await place.reopen();
    t.ok(isEqual(await blobs.read('c1', 0, LARGE_BYTES), large));
    for (let at = 0; at < MANY_FILES; at++) {
      t.equal(await blobs.size(name(at)), at + 1);
      t.equal((await blobs.read(name(at), at, 1))[0], at);
      await blobs.remove(name(at));
    }
    await blobs.remove('c1');
  });
}
