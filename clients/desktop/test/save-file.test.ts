import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { saveFile } from '../src/saving/save-file.ts';

const never = new AbortController().signal;
const options = (directory: string) => ({ directory, over: never, onBytes: () => {} });

function file(name: string, content: Uint8Array) {
  return {
    name,
    size: content.length,
    read: async (offset: number, length: number) => content.slice(offset, offset + length),
  };
}

t.test('a file is saved whole, with the rights that new files have here', async (t) => {
  const directory = join(t.testdir(), 'made', 'anew');
  const content = new Uint8Array(randomBytes(2_500_000));
  const told: number[] = [];
  const path = await saveFile(file('a.bin', content), {
    ...options(directory),
    onBytes: (bytes) => void told.push(bytes),
  });
  t.equal(path, join(directory, 'a.bin'));
  t.same(new Uint8Array(readFileSync(path)), content);
  t.same(told, [1_048_576, 2_097_152, 2_500_000]);
  t.equal(statSync(path).mode & 0o777, 0o666 & ~process.umask());
  t.equal(
    (await saveFile(file('', new Uint8Array(0)), options(directory))).endsWith('/file'),
    true,
  );
});

t.test('nothing that lies there is replaced or followed', async (t) => {
  const directory = t.testdir({ 'a.txt': 'mine', outside: {} });
  symlinkSync(join(directory, 'outside', 'made'), join(directory, 'a (2).txt'));
  mkdirSync(join(directory, 'a (3).txt'));
  const path = await saveFile(file('a.txt', new Uint8Array([1])), options(directory));
  t.equal(path, join(directory, 'a (4).txt'));
  t.equal(readFileSync(join(directory, 'a.txt'), 'utf8'), 'mine');
  t.ok(lstatSync(join(directory, 'a (2).txt')).isSymbolicLink());
  t.same(readdirSync(join(directory, 'outside')), []);
});

t.test('two that save the same name at once get one each', async (t) => {
  const directory = t.testdir();
  const each = Array.from({ length: 8 }, (_, i) => file('a.txt', new Uint8Array([i])));
  const paths = await Promise.all(each.map((one) => saveFile(one, options(directory))));
  t.equal(new Set(paths).size, 8);
  t.equal(readdirSync(directory).length, 8);
});

t.test(
  'a full disk is told, leaves nothing half, and is no obstacle once there is room',
  async (t) => {
    const directory = t.testdir();
    const content = new Uint8Array(randomBytes(3_000_000));
    let full = true;
    const incoming = {
      ...file('a.bin', content),
      read: async (offset: number, length: number) => {
        if (full && offset > 0) throw Object.assign(new Error('full'), { code: 'ENOSPC' });
        return content.slice(offset, offset + length);
      },
    };
    await t.rejects(saveFile(incoming, options(directory)), { code: 'SAVE_FULL' });
    t.same(readdirSync(directory), []);
    full = false;
    t.equal(await saveFile(incoming, options(directory)), join(directory, 'a.bin'));
  },
);

t.test('a directory that cannot be written, or is none, is told', async (t) => {
  const directory = t.testdir({ closed: {}, plain: 'text' });
  const one = file('a', new Uint8Array([1]));
  await t.rejects(saveFile(one, options(join(directory, 'plain'))), {
    code: 'SAVE_FAILED',
    message: /EEXIST|ENOTDIR/,
  });
  chmodSync(join(directory, 'closed'), 0o500);
  // The superuser may write everywhere.
  const denied = process.getuid?.() === 0 ? '/proc/1' : join(directory, 'closed');
  await t.rejects(saveFile(one, options(denied)), { code: 'SAVE_FAILED' });
});

t.test('an interruption leaves nothing', async (t) => {
  const directory = t.testdir();
  const over = new AbortController();
  const content = new Uint8Array(3_000_000);
  const saving = saveFile(file('a', content), {
    directory,
    over: over.signal,
    onBytes: () => over.abort(new Error('enough')),
  });
  await t.rejects(saving, { message: 'enough' });
  t.same(readdirSync(directory), []);
});

t.test('a file is read anew to be whole: less than was said is refused', async (t) => {
  const directory = t.testdir();
  writeFileSync(join(directory, 'keep'), '');
  const short = { ...file('a', new Uint8Array(5)), size: 9 };
  await t.rejects(saveFile(short, options(directory)), { code: 'ENTRY_UNKNOWN' });
  t.same(readdirSync(directory), ['keep']);
});
