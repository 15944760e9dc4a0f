import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { openLevelStore } from '../src/adapters/level-store.ts';
import { crc32c, judgeTable } from '../src/adapters/table-file.ts';
import { rowKey } from '../src/format/store-key.ts';
import type { KeyValueStore } from '../src/store/key-value-store.ts';
import { LogStore } from '../src/store/log-store.ts';
import { Scrubber } from '../src/store/scrubber.ts';
import { createStore, stageDurably } from '../testing/log-store-suite.ts';
import { MemoryDisk } from '../testing/memory-store.ts';

const FOOTER_BYTES = 48;
const quiet = { onPoison: () => {} };

/** A closed store whose rows lie in a table file, as LevelDB writes it at a restart. */
async function storeWithTable(location: string): Promise<string> {
  await createStore({ open: () => openLevelStore(location) });
  const store = await LogStore.open(await openLevelStore(location), quiet);
  const rows = Array.from({ length: 300 }, (_, at) => ({
    key: rowKey(1, at % 7, Buffer.from(`user-${at}`)),
    payload: Buffer.from(`value-${at}`.repeat(1 + (at % 30))),
  }));
  await stageDurably(store, rows);
  await store.close();
  const again = await LogStore.open(await openLevelStore(location), quiet);
  await again.close();
  const files = (await readdir(location)).filter((name) => name.endsWith('.ldb')).sort();
  return files.at(-1) ?? '';
}

/** After the four varints of the two places; zeros fill up what follows. */
function handlesEnd(footer: Uint8Array): number {
  let at = 0;
  for (let varints = 0; varints < 4; at += 1) if ((footer[at] ?? 0) < 0x80) varints += 1;
  return at;
}

t.test('CRC-32C matches the vectors of RFC 3720', (t) => {
  t.equal(crc32c(new Uint8Array(32)), 0x8a9136aa);
  t.equal(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  t.equal(crc32c(Uint8Array.from({ length: 32 }, (_, at) => at)), 0x46dd794e);
  t.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  t.end();
});

t.test('[STO-1] no flipped bit of a table file goes unnoticed, at whatever place', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'rockpool-table-'));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const location = join(root, 'store');
  const name = await storeWithTable(location);
  const file = await readFile(join(location, name));
  t.ok(file.length > 10_000);
  t.equal(judgeTable(file), 'whole');
  const footer = file.subarray(-FOOTER_BYTES);
  const padding = file.length - FOOTER_BYTES + handlesEnd(footer);
  const accepted: number[] = [];
  for (let at = 0; at < file.length; at += 1) {
    if (at >= padding && at < file.length - 8) continue;
    file[at]! ^= 1 << (at & 7);
    if (judgeTable(file) === 'whole') accepted.push(at);
    file[at]! ^= 1 << (at & 7);
  }
  t.same(accepted, []);
  for (const length of [0, 47, 48, 1_000, file.length - 1]) {
    t.equal(judgeTable(file.subarray(0, length)), 'damaged', `cut to ${length}`);
  }
  t.equal(judgeTable(file), 'whole');
  const copy = join(root, 'copy');
  await cp(location, copy, { recursive: true });
  // A bit of a key: no checksum inside a value could tell that this row is gone.
  file[file.indexOf('user-77') + 6]! ^= 1;
  await writeFile(join(copy, name), file);
  const damaged = await openLevelStore(copy);
  await t.rejects(LogStore.open(damaged, quiet), { code: 'STORE_DAMAGED' });
  await damaged.close();
});

t.test('bytes that are no table never throw, and are damage', (t) => {
  const magic = Buffer.from('57fb808b247547db', 'hex');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      t.not(judgeTable(bytes), 'whole');
      t.not(judgeTable(Buffer.concat([bytes, magic])), 'whole');
    }),
  );
  t.end();
});

t.test('the scrubber reads the store over and over until it stops or finds damage', async (t) => {
  // The scrubber alone keeps no process alive.
  const alive = setInterval(() => {}, 60_000);
  t.teardown(() => clearInterval(alive));
  let rounds = 0;
  const third = Promise.withResolvers<void>();
  const store: KeyValueStore = {
    ...new MemoryDisk().open(),
    verify: async (pause) => {
      await pause?.();
      rounds += 1;
      if (rounds === 3) third.resolve();
      if (rounds === 5) throw new Error('damage');
    },
  };
  const never = (error: unknown) => t.fail(String(error));
  const scrubber = new Scrubber(store, never, 0);
  scrubber.start();
  await third.promise;
  await scrubber.stop();
  const stoppedAt = rounds;
  rounds = 3;
  const found = Promise.withResolvers<unknown>();
  const again = new Scrubber(store, found.resolve, 0);
  again.start();
  t.match(await found.promise, { message: 'damage' });
  await again.stop();
  t.ok(stoppedAt >= 3);
});
