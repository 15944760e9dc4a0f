import { mkdtemp, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { fileBlobs } from '../src/adapters/blobs.ts';
import { IDLE_FILES_MAX, OpenFiles } from '../src/adapters/open-files.ts';

const root = t.testdir();
const fresh = () => mkdtemp(join(root, 'blobs-'));
const full = (code: string) => Object.assign(new Error(code), { code });

t.test('a name that is no hex is refused before it becomes a path', async (t) => {
  const blobs = fileBlobs(await fresh());
  for (const name of [
    '..',
    '../a',
    'a/b',
    '/etc/passwd',
    '',
    'a.b',
    'A1',
    'ä',
    '0'.repeat(65),
    'a\0',
  ]) {
    await t.rejects(
      blobs.write(name, 0, Uint8Array.of(1)),
      { name: 'RangeError' },
      `write ${name}`,
    );
    await t.rejects(blobs.read(name, 0, 1), { name: 'RangeError' });
    await t.rejects(blobs.size(name), { name: 'RangeError' });
    await t.rejects(blobs.flush(name), { name: 'RangeError' });
    await t.rejects(blobs.remove(name), { name: 'RangeError' });
  }
});

t.test('a full disk is the error that the engine knows', async (t) => {
  const directory = await fresh();
  for (const code of ['ENOSPC', 'EDQUOT']) {
    const blobs = fileBlobs(directory, {
      freeBytes: async () => 0,
      write: () => Promise.reject(full(code)),
    });
    t.equal(await blobs.room(), 0);
    await t.rejects(blobs.write('a1', 0, Uint8Array.of(1)), {
      name: 'QuotaExceededError',
      code: 'AGENT_DISK_FULL',
    });
    await blobs.close();
  }
  const broken = fileBlobs(directory, {
    freeBytes: async () => 0,
    write: () => Promise.reject(full('EIO')),
  });
  await t.rejects(broken.write('a1', 0, Uint8Array.of(1)), { code: 'EIO' });
  await broken.close();
});

t.test('a disk that takes less than it is given is given the rest', async (t) => {
  const blobs = fileBlobs(await fresh(), {
    freeBytes: async () => 1,
    write: async (file, data, position) =>
      (await file.write(data, 0, Math.min(3, data.length), position)).bytesWritten,
  });
  await blobs.write('a1', 1, Uint8Array.of(1, 2, 3, 4, 5, 6, 7));
  t.same([...(await blobs.read('a1', 0, 8))], [0, 1, 2, 3, 4, 5, 6, 7]);
  await blobs.close();
});

t.test('few files stay open, however many there are', async (t) => {
  const directory = await fresh();
  const files = new OpenFiles();
  const before = (await readdir('/proc/self/fd')).length;
  for (let at = 0; at < 3 * IDLE_FILES_MAX; at++) {
    await files.use(join(directory, String(at)), 'write', (file) => file.write('x'));
  }
  t.ok((await readdir('/proc/self/fd')).length - before <= IDLE_FILES_MAX + 2);
  await files.flush(join(directory, '0'));
  await files.close();
  t.ok((await readdir('/proc/self/fd')).length <= before + 2, 'and none after the end');
});

t.test('free room is what the file system says', async (t) => {
  const blobs = fileBlobs(await fresh());
  t.ok(((await blobs.room()) ?? 0) > 0);
  await blobs.close();
});

t.test('a file in use while all are closed is finished first', async (t) => {
  const directory = await fresh();
  const files = new OpenFiles();
  const path = join(directory, 'a');
  const { promise: gate, resolve } = Promise.withResolvers<void>();
  const used = files.use(path, 'write', async (file) => {
    await gate;
    await file.write('done');
  });
  const closed = files.close();
  resolve();
  await Promise.all([used, closed]);
  const file = await open(path, 'r');
  t.equal(await file.readFile('utf8'), 'done');
  await file.close();
});
