import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { LastBatch, type StoreFailureCode } from '../src/index.ts';

const root = t.testdir();
const failWith = (code: StoreFailureCode, detail: string) =>
  Object.assign(new Error(detail), { code });

async function freshPath(): Promise<string> {
  return join(await mkdtemp(join(root, 'note-')), 'last-batch');
}

async function known(path: string): Promise<number | undefined> {
  const last = await LastBatch.open(path, { sync: false });
  await last.close();
  return last.known;
}

async function noted(path: string, batches: readonly number[], sync = false): Promise<void> {
  const last = await LastBatch.open(path, { sync });
  for (const batch of batches) await last.note(batch);
  await last.close();
}

function refusal(t: Test, last: LastBatch, batch: number): void {
  t.throws(() => last.requireReached(batch, failWith), { code: 'STORE_BEHIND' });
}

t.test('[STO-15] a new note knows of no batch; then of the newest one', async (t) => {
  for (const sync of [false, true]) {
    const path = await freshPath();
    t.equal(await known(path), 0);
    await noted(path, [1, 2, 3], sync);
    t.equal(await known(path), 3);
    const last = await LastBatch.open(path, { sync });
    refusal(t, last, 2);
    last.requireReached(3, failWith);
    last.requireReached(4, failWith);
    await last.close();
  }
});

t.test(
  '[STO-15] a note cut short leaves the one before; one that cannot be read takes no store',
  async (t) => {
    const path = await freshPath();
    await noted(path, [6, 7]);
    const bytes = await readFile(path);
    for (let at = 0; at < 12; at += 1) {
      const torn = Buffer.from(bytes);
      torn[4096 + at]! ^= 0x10;
      await writeFile(path, torn);
      t.equal(await known(path), 6, `byte ${at}`);
    }
    await writeFile(path, Buffer.alloc(bytes.length));
    t.equal(await known(path), undefined);
    const last = await LastBatch.open(path, { sync: false });
    refusal(t, last, 1_000_000);
    await last.close();
    await rm(path);
    t.equal(await known(path), 0, 'a missing one is made anew');
  },
);

t.test(
  '[STO-15] beside a condemned store no number is high enough, and no later note hides that',
  async (t) => {
    const path = await freshPath();
    const last = await LastBatch.open(path, { sync: false });
    await last.note(1);
    await last.condemn();
    for (const batch of [2, 3, 4]) await last.note(batch);
    await last.close();
    const again = await LastBatch.open(path, { sync: false });
    refusal(t, again, 4);
    refusal(t, again, 1_000_000_000);
    await again.close();
  },
);
