// What a disk may do to a store while the agent is away. A store is either as it was left or refused with a
// code; it is never opened with something missing, and never emptied.

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { openDeviceStore, ROW_KIND } from '../src/adapters/store.ts';
import { AgentError } from '../src/agent-errors.ts';
import { openDataDirectory } from '../src/data-directory.ts';

const ROWS = 60;
const VALUE_BYTES = 400;
const root = t.testdir();

const rowKey = (at: number) => `row/${String(at).padStart(4, '0')}`;
const rowValue = (at: number) => new Uint8Array(VALUE_BYTES).fill(at);

async function openStore(path: string) {
  const directory = await openDataDirectory(path);
  return openDeviceStore(directory, (error) => t.fail(error.message));
}

/** A directory left behind after many batches, some of them in a table, the newest in the log. */
async function filledDirectory(): Promise<string> {
  const path = await mkdtemp(join(root, 'filled-'));
  for (const half of [0, 1]) {
    const store = await openStore(path);
    const rows = store.rows(ROW_KIND.engine);
    for (let at = half * (ROWS / 2); at < (half + 1) * (ROWS / 2); at++) {
      await rows.write([[rowKey(at), rowValue(at)]]);
    }
    await store.close();
  }
  return path;
}

/** Changes a copy of one file and opens it: 'whole' where every row is still there. */
async function judge(
  path: string,
  file: string,
  change: (bytes: Buffer) => Uint8Array | undefined,
): Promise<string> {
  const copy = await mkdtemp(join(root, 'copy-'));
  try {
    await cp(path, copy, { recursive: true });
    const changed = change(await readFile(join(path, file)));
    if (changed === undefined) await rm(join(copy, file));
    else await writeFile(join(copy, file), changed);
    const store = await openStore(copy);
    try {
      const rows = await store.rows(ROW_KIND.engine).list('row/');
      const whole = rows.every(([key, value], at) => {
        return key === rowKey(at) && Buffer.compare(value, rowValue(at)) === 0;
      });
      return whole && rows.length === ROWS ? 'whole' : `opened with ${rows.length} rows`;
    } finally {
      await store.close();
    }
  } catch (error) {
    return error instanceof AgentError ? error.code : String(error);
  } finally {
    await rm(copy, { recursive: true });
  }
}

const filled = await filledDirectory();
const storeFiles = (await readdir(join(filled, 'store'))).map((name) => `store/${name}`);
const ending = (suffix: string) =>
  storeFiles
    .filter((name) => name.endsWith(suffix))
    .sort()
    .at(-1);
const REFUSED = ['AGENT_STORE_DAMAGED', 'AGENT_STORE_OPEN_FAILED', 'AGENT_STORE_VERSION'];
const isHonest = (verdict: string) => verdict === 'whole' || REFUSED.includes(verdict);

t.test('a store that nobody touched is whole', async (t) => {
  t.equal(await judge(filled, 'last-batch', (bytes) => bytes), 'whole');
});

t.test('a log that is cut anywhere is refused: its newest batches are missing', async (t) => {
  const log = ending('.log') ?? '';
  const { length } = await readFile(join(filled, log));
  t.ok(length > 10_000);
  for (let at = 0; at < length; at += Math.ceil(length / 12)) {
    t.equal(await judge(filled, log, (bytes) => bytes.subarray(0, at)), 'AGENT_STORE_DAMAGED');
  }
  t.equal(await judge(filled, log, (bytes) => bytes.subarray(0, -1)), 'AGENT_STORE_DAMAGED');
});

t.test('a flipped bit in a log or a table is refused', async (t) => {
  for (const file of [ending('.log') ?? '', ending('.ldb') ?? '']) {
    const { length } = await readFile(join(filled, file));
    const flipped = (at: number) => (bytes: Buffer) => {
      bytes[at] = (bytes[at] ?? 0) ^ (1 << (at & 7));
      return bytes;
    };
    for (let at = 5; at < length - 60; at += Math.ceil(length / 12)) {
      t.equal(await judge(filled, file, flipped(at)), 'AGENT_STORE_DAMAGED', `${file} at ${at}`);
    }
  }
});

t.test('whatever happens to whichever file, the store is whole or refused', async (t) => {
  const files = [...storeFiles, 'last-batch'].filter((name) => !/LOG|LOCK/.test(name));
  const place = fc.record({
    file: fc.constantFrom(...files),
    at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    how: fc.constantFrom('cut', 'flip', 'zero', 'remove'),
  });
  const verdicts = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(place, async ({ file, at, how }) => {
      const verdict = await judge(filled, file, (bytes) => {
        const index = Math.floor(at * bytes.length);
        if (how === 'remove') return undefined;
        if (how === 'cut') return bytes.subarray(0, index);
        if (how === 'zero') return bytes.fill(0, index, Math.min(bytes.length, index + 512));
        bytes[index] = (bytes[index] ?? 0) ^ (1 << (index & 7));
        return bytes;
      });
      verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
      if (!isHonest(verdict)) throw new Error(verdict);
    }),
    { numRuns: 60 },
  );
  t.comment(JSON.stringify([...verdicts]));
  t.ok([...verdicts.keys()].every(isHonest));
});

t.test('a store that vanished is refused and not begun anew', async (t) => {
  const copy = await mkdtemp(join(root, 'copy-'));
  await cp(filled, copy, { recursive: true });
  await rm(join(copy, 'store'), { recursive: true });
  await t.rejects(openStore(copy), { code: 'AGENT_STORE_DAMAGED' });
  await t.rejects(openStore(copy), { code: 'AGENT_STORE_DAMAGED' }, 'nor at the next start');
});

t.test('rows of one kind do not see those of another', async (t) => {
  const store = await openStore(await mkdtemp(join(root, 'kinds-')));
  await store.rows(ROW_KIND.deviceKey).write([['a', Uint8Array.of(1)]]);
  t.equal(await store.rows(ROW_KIND.engine).get('a'), undefined);
  t.same(await store.rows(ROW_KIND.engine).list(''), []);
  t.equal((await store.rows(ROW_KIND.deviceKey).list('')).length, 1);
  await store.close();
});
