import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { openLevelStore } from '../src/level-store.ts';
import { encodeStoredValue } from '../src/stored-value.ts';
import { crc32c, judgeTable } from '../src/table-file.ts';

const FOOTER_BYTES = 48;
const failWith = (code: string, detail: string, options?: ErrorOptions) =>
  Object.assign(new Error(detail, options), { code });
const open = (location: string) => openLevelStore(location, failWith);

/** A closed store whose rows lie in a table file, as LevelDB writes it at a restart. */
async function storeWithTable(location: string): Promise<string> {
  const store = await open(location);
  const rows = Array.from({ length: 300 }, (_, at) => {
    const key = Buffer.from(`group-${at % 7}/user-${at}`);
    return {
      key,
      value: encodeStoredValue(key, Buffer.from(`value-${at}`.repeat(1 + (at % 30)))),
    };
  });
  await store.write(rows);
  await store.close();
  await (await open(location)).close();
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
  const damaged = await open(copy);
  await t.rejects(damaged.verify(), { code: 'STORE_DAMAGED' });
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
