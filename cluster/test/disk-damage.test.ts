// One node of three wakes with a damaged disk, whichever file was hit: it refuses with a code that an operator can look
// up, or it serves what is true; and the other two have lost nothing. Cuts of the newest log, and single bits.

import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { ClusterNode } from '../src/node/cluster-node.ts';
import { NODE_ERRORS, NodeError } from '../src/node-error.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { DamagedNode, isHonest } from '../testing/damaged-node.ts';
import { Random } from '../testing/sim/random.ts';
import { TestNodes } from '../testing/test-nodes.ts';

t.setTimeout(120_000);

const SLOT = 7;
const TIMEOUT_MS = 10_000;
const CUTS_OF_NEWEST_LOG = 2;
const FLIPS_OF_FILE = 1;
const CUT_STEP_BYTES = 150;
const FLIPS_OF_LONE_FILE = 3;
const ACKNOWLEDGED = Array.from({ length: 24 }, (_, at) => [`k${100 + at}`, 1] as const);
/** What LevelDB writes for people, and its lock. */
const NO_DATA = /^(LOG|LOG\.old|LOCK)$/;

interface Damage {
  readonly file: string;
  readonly what: string;
  readonly change: (bytes: Buffer) => Buffer;
}

async function write(nodes: TestNodes, keys: readonly (readonly [string, number])[]) {
  for (const [at, [key]] of keys.entries()) {
    await nodes.running.get(at % 3)!.submit(SLOT, Buffer.from(key), { timeoutMs: TIMEOUT_MS });
  }
}

async function rowsOf(cluster: ClusterNode): Promise<(readonly [string, number])[]> {
  await cluster.barrier(SLOT, { timeoutMs: TIMEOUT_MS });
  const rows = await cluster.scan(SLOT, { prefix: new Uint8Array(0), limit: 1_000 });
  return rows.map(({ key, value }) => [
    Buffer.from(key).toString(),
    Buffer.from(value ?? []).readUInt32BE(),
  ]);
}

const stopAll = (nodes: TestNodes) => Promise.all([0, 1, 2].map((at) => nodes.stop(at)));

/** Half of the rows in table files, half in the newest log. */
async function fill(nodes: TestNodes): Promise<void> {
  await nodes.startAll();
  await write(nodes, ACKNOWLEDGED.slice(0, 12));
  await stopAll(nodes);
  await nodes.startAll();
  await write(nodes, ACKNOWLEDGED.slice(12));
  await rowsOf(nodes.running.get(0)!);
  await stopAll(nodes);
}

async function damagesOf(directory: string, random: Random): Promise<readonly Damage[]> {
  const files = (await readdir(directory, { recursive: true })).sort();
  const damages: Damage[] = [];
  let newestLog = '';
  for (const file of files) {
    const { size } = await stat(join(directory, file));
    const isFile = (await stat(join(directory, file))).isFile();
    if (!isFile || size === 0 || NO_DATA.test(file.split('/').at(-1) ?? '')) continue;
    if (file.endsWith('.log')) newestLog = file;
    for (let flips = 0; flips < FLIPS_OF_FILE; flips += 1) {
      const [at, bit] = [random.between(0, size - 1), random.between(0, 7)];
      const change = (bytes: Buffer) => {
        bytes[at]! ^= 1 << bit;
        return bytes;
      };
      damages.push({ file, what: `bit ${bit} of byte ${at}`, change });
    }
  }
  const { size } = await stat(join(directory, newestLog));
  for (let cut = 0; cut < CUTS_OF_NEWEST_LOG; cut += 1) {
    const length = cut === 0 ? size - 1 : random.between(0, size - 1);
    const change = (bytes: Buffer) => bytes.subarray(0, length);
    damages.push({ file: newestLog, what: `cut from ${size} to ${length} bytes`, change });
  }
  return damages;
}

/** The rows that the damaged node serves, or the code with which it refuses or stops. */
async function wake(nodes: TestNodes): Promise<(readonly [string, number])[] | string> {
  const stopped = Promise.withResolvers<string>();
  try {
    const cluster = await nodes.start(0, { onFatal: ({ code }) => stopped.resolve(code) });
    return await Promise.race([stopped.promise, rowsOf(cluster)]);
  } catch (error) {
    if (error instanceof NodeError) return error.code;
    // The call ended since the node did; why is told to whoever started it.
    if (error instanceof Error && 'code' in error && error.code === 'CLUSTER_STOPPED') {
      return stopped.promise;
    }
    throw error;
  }
}

t.test(
  'any damage to one disk: refused by a code or without effect, and nothing is lost',
  async (t) => {
    const seed = Date.now() % 1_000_000;
    t.comment(`seed ${seed}`);
    const whole = await mkdtemp(join(tmpdir(), 'rockpool-disk-damage-'));
    const nodes = await TestNodes.init(counterMachine, 3);
    t.teardown(async () => {
      await nodes.end();
      await rm(whole, { recursive: true, force: true });
    });
    await fill(nodes);
    const copyOf = (at: number) => join(whole, String(at));
    for (const [at, from] of nodes.dataDirs.entries())
      await cp(from, copyOf(at), { recursive: true });
    const outcomes = new Map<string, number>();
    for (const { file, what, change } of await damagesOf(copyOf(0), new Random(seed))) {
      for (const [at, to] of nodes.dataDirs.entries()) {
        await rm(to, { recursive: true });
        await cp(copyOf(at), to, { recursive: true });
      }
      const path = join(nodes.dataDirs[0]!, file);
      await writeFile(path, change(await readFile(path)));
      await Promise.all([nodes.start(1), nodes.start(2)]);
      const outcome = await wake(nodes);
      const where = `${file}: ${what}`;
      if (typeof outcome === 'string') t.ok(outcome in NODE_ERRORS, `${where}: ${outcome}`);
      else t.same(outcome, ACKNOWLEDGED, `${where}: what is served is true`);
      const name = typeof outcome === 'string' ? outcome : 'served';
      outcomes.set(name, (outcomes.get(name) ?? 0) + 1);
      for (const at of [1, 2]) t.same(await rowsOf(nodes.running.get(at)!), ACKNOWLEDGED, where);
      await stopAll(nodes);
    }
    t.comment(JSON.stringify([...outcomes]));
    t.ok([...outcomes.keys()].some((name) => name !== 'served'));
  },
);

t.test('[X13] a log cut anywhere, records whole or not, and bits of any file', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const node = await DamagedNode.make();
  t.teardown(() => node.remove());
  const cuts = await node.cutsOfNewestLog(CUT_STEP_BYTES);
  const verdicts = new Map<string, number>();
  for (const damage of cuts) {
    const verdict = await node.judge(damage);
    t.not(verdict, 'whole', `${damage.file}: ${damage.what}: it lacks its newest batch`);
    t.ok(isHonest(verdict), `${damage.file}: ${damage.what}: ${verdict}`);
  }
  for (const damage of await node.flips(FLIPS_OF_LONE_FILE, seed)) {
    const verdict = await node.judge(damage);
    t.ok(isHonest(verdict), `${damage.file}: ${damage.what}: ${verdict}`);
    verdicts.set(verdict, (verdicts.get(verdict) ?? 0) + 1);
  }
  t.comment(JSON.stringify([...verdicts]));
});
