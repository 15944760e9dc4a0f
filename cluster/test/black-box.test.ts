// Real processes over TLS on loopback, killed with SIGKILL while clients write. Every counter has a
// name of its own, so that a lost write counts 0 and one that was applied twice counts 2.

import { cp, mkdtemp, readdir, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { entryKey, rowKey } from '../src/format/store-key.ts';
import { initCluster } from '../src/node/init-cluster.ts';
import { openNodeStore } from '../src/store/node-store.ts';
import { Random } from '../testing/sim/random.ts';
import { ToyCluster, ToyFailure } from '../testing/toy-cluster.ts';

// Processes start slowly where every core is busy.
t.setTimeout(200_000);

const SLOTS = [-1, 7, 40_000];
const ROUNDS = 6;
const CLIENTS = 8;

interface Setup {
  readonly nodes: ToyCluster;
  readonly dataDirs: readonly string[];
}

async function setUp(test: Test): Promise<Setup> {
  const root = await mkdtemp(join(tmpdir(), 'rockpool-black-box-'));
  const names = ['1', '2', '3'];
  const dataDirs = names.map((name) => join(root, name));
  const addresses = names.map((name) => ({ name, peerAddress: '127.0.0.1:1' }));
  await initCluster({ dataDirs, nodes: addresses, shardGroups: 2 });
  const nodes = new ToyCluster(dataDirs);
  test.teardown(async () => {
    await nodes.end();
    await rm(root, { recursive: true, force: true });
  });
  await Promise.all([0, 1, 2].map((at) => nodes.start(at)));
  return { nodes, dataDirs };
}

/** Clients that submit until they are told to stop, and remember what they were told. */
class Writers {
  readonly acknowledged = new Map<string, number>();
  readonly unknown = new Map<string, number>();
  readonly mistakes: string[] = [];
  readonly #nodes: ToyCluster;
  readonly #random: Random;
  #made = 0;
  #stopped = false;
  #goal: { readonly count: number; readonly reached: () => void } | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(nodes: ToyCluster, random: Random) {
    this.#nodes = nodes;
    this.#random = random;
  }

  start(): void {
    this.#running = Promise.all(Array.from({ length: CLIENTS }, () => this.#write()));
  }

  /** Resolves when this many more writes were acknowledged. */
  progress(count: number): Promise<void> {
    return new Promise((reached) => {
      this.#goal = { count: this.acknowledged.size + count, reached };
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #write(): Promise<void> {
    while (!this.#stopped) {
      const at = this.#anyNode();
      if (at === undefined) await this.#nodes.nextUp();
      else await this.#writeTo(at);
      if (this.#goal !== undefined && this.acknowledged.size >= this.#goal.count) {
        this.#goal.reached();
      }
    }
  }

  async #writeTo(at: number): Promise<void> {
    this.#made += 1;
    const key = `counter-${this.#made}`;
    const slot = SLOTS[this.#made % SLOTS.length] ?? 0;
    this.unknown.set(key, slot);
    try {
      const count = await this.#nodes.ask(at, { kind: 'submit', slot, key });
      if (count !== 1) this.mistakes.push(`${key} was acknowledged as ${count}`);
      this.unknown.delete(key);
      this.acknowledged.set(key, slot);
      if (this.#made % 4 === 0) await this.#readBack(slot, key);
    } catch (error) {
      if (!(error instanceof ToyFailure)) throw error;
      if (error.code === 'CRASHED') this.mistakes.push(`${key}: a node crashed`);
    }
  }

  #anyNode(): number | undefined {
    const { alive } = this.#nodes;
    return alive[this.#random.between(0, Math.max(0, alive.length - 1))];
  }

  /** What was acknowledged by one node is seen by a read of any other. */
  async #readBack(slot: number, key: string): Promise<void> {
    const at = this.#anyNode();
    if (at === undefined) return;
    const count = await this.#nodes.ask(at, { kind: 'read', slot, key });
    if (count !== 1) this.mistakes.push(`${key} was acknowledged and then read as ${count}`);
  }
}

async function rowsOf(nodes: ToyCluster, at: number): Promise<Map<string, number>> {
  const rows = new Map<string, number>();
  for (const slot of SLOTS) {
    const found = await nodes.ask(at, { kind: 'rows', slot });
    for (const [key, count] of found as [string, number][]) rows.set(`${slot} ${key}`, count);
  }
  return rows;
}

t.test(
  '[X12] kill -9 over and over: what was acknowledged is everywhere, exactly once',
  async (t) => {
    const seed = Date.now() % 1_000_000;
    t.comment(`seed ${seed}`);
    const random = new Random(seed);
    const { nodes } = await setUp(t);
    const writers = new Writers(nodes, random);
    writers.start();
    await writers.progress(50);
    for (let round = 0; round < ROUNDS; round += 1) {
      // Most often one node; now and then a majority, or all of them.
      const victims = [0, 1, 2].slice(0, random.chance(0.6) ? 1 : random.between(2, 3));
      const shift = random.between(0, 2);
      const killed = victims.map((victim) => (victim + shift) % 3);
      await Promise.all(killed.map((at) => nodes.kill(at)));
      if (killed.length === 1) await writers.progress(random.between(5, 60));
      await Promise.all(killed.map((at) => nodes.start(at)));
      await writers.progress(random.between(5, 60));
    }
    await writers.stop();
    t.same(writers.mistakes, []);
    const [first, ...others] = await Promise.all([0, 1, 2].map((at) => rowsOf(nodes, at)));
    for (const other of others) t.same([...other], [...first!]);
    const rows = first!;
    const lost = [...writers.acknowledged].filter(
      ([key, slot]) => rows.get(`${slot} ${key}`) !== 1,
    );
    t.same(lost, [], 'every acknowledged write is there');
    const twice = [...rows].filter(([, count]) => count !== 1);
    t.same(twice, [], 'nothing was applied twice');
    const known = writers.acknowledged.size + writers.unknown.size;
    t.ok(rows.size >= writers.acknowledged.size && rows.size <= known);
    t.comment(`${writers.acknowledged.size} acknowledged, ${writers.unknown.size} unknown`);
  },
);

/** Flips the last bit of a stored value of a stopped node. */
async function damage(dataDir: string, key: Uint8Array): Promise<void> {
  const store = await openNodeStore(join(dataDir, 'store'));
  const [value] = await store.getMany([key]);
  if (value === undefined) throw new Error('there is no such value');
  value[value.length - 1]! ^= 1;
  await store.write([{ key, value }]);
  await store.close();
}

/** The write-ahead log that a killed node leaves. */
async function lastLog(dataDir: string): Promise<{ path: string; size: number }> {
  const store = join(dataDir, 'store');
  const logs = (await readdir(store)).filter((name) => name.endsWith('.log')).sort();
  const path = join(store, logs.at(-1) ?? '');
  return { path, size: (await stat(path)).size };
}

const codeOf = (failing: Promise<unknown>): Promise<string | undefined> =>
  failing.then(
    () => undefined,
    (error: unknown) => (error instanceof ToyFailure ? error.code : String(error)),
  );

t.test('damaged data: a row is refused and stops the node, an entry keeps it down', async (t) => {
  const { nodes, dataDirs } = await setUp(t);
  for (let at = 0; at < 9; at += 1) {
    await nodes.ask(at % 3, { kind: 'submit', slot: 7, key: `k${at}` });
  }
  await nodes.ask(0, { kind: 'rows', slot: 7 });
  await nodes.kill(0);
  await damage(dataDirs[0]!, rowKey(1, 7, Buffer.from('k1')));
  await nodes.start(0);
  t.equal(await nodes.ask(0, { kind: 'read', slot: 7, key: 'k2' }), 1, 'sound rows are served');
  const code = await codeOf(nodes.ask(0, { kind: 'read', slot: 7, key: 'k1' }));
  t.equal(code, 'STORE_DAMAGED');
  t.equal(await codeOf(nodes.ask(0, { kind: 'rows', slot: 7 })), 'STORE_DAMAGED');
  t.equal(await nodes.ask(1, { kind: 'read', slot: 7, key: 'k1' }), 1, 'the others have it');
  const stopped = nodes.stoppedBy(0);
  t.equal(await nodes.ask(1, { kind: 'submit', slot: 7, key: 'k1' }), 2);
  t.equal(await stopped, 'STORE_DAMAGED', 'a command that needs the row');
  await damage(dataDirs[0]!, entryKey(1, 3));
  t.equal(await codeOf(nodes.start(0)), 'STORE_DAMAGED');
  t.equal(await nodes.ask(2, { kind: 'submit', slot: 7, key: 'k1' }), 3, 'two of three go on');
});

interface Loss {
  readonly nodes: ToyCluster;
  readonly dataDirs: readonly string[];
  write(at: number, names: readonly string[]): Promise<void>;
  /** The disk forgets what the newest log held from this part of it on; and the note beside it. */
  lose(at: number, part: number, note: 'keepsNote' | 'losesNote'): Promise<void>;
}

async function setUpLoss(test: Test): Promise<Loss> {
  const { nodes, dataDirs } = await setUp(test);
  return {
    nodes,
    dataDirs,
    write: async (at, names) => {
      for (const key of names) await nodes.ask(at, { kind: 'submit', slot: 7, key });
    },
    lose: async (at, part, note) => {
      const dataDir = dataDirs[at]!;
      const { path, size } = await lastLog(dataDir);
      await truncate(path, Math.floor(size * part));
      if (note === 'losesNote') await rm(join(dataDir, 'last-batch'));
    },
  };
}

t.test('[X13] a node that lost synced writes does not start, whoever heard of them', async (t) => {
  const { nodes, write, lose } = await setUpLoss(t);
  await write(1, ['a', 'b', 'c']);
  await nodes.ask(0, { kind: 'rows', slot: 7 });
  await nodes.kill(0);
  await lose(0, 0, 'keepsNote');
  t.equal(await codeOf(nodes.start(0)), 'STORE_BEHIND', 'its own note tells');
  t.equal(await codeOf(nodes.start(0)), 'STORE_BEHIND', 'and again');
  await nodes.kill(1);
  await lose(1, 0.5, 'losesNote');
  await nodes.start(1);
  t.equal(await nodes.stoppedBy(1), 'PEER_INCARNATION', 'without it the others do');
  t.equal(await codeOf(nodes.start(1)), 'STORE_BEHIND', 'and it remembers that');
});

t.test('[X13] what a stopped cluster confirmed is remembered by every node of it', async (t) => {
  const { nodes, write, lose } = await setUpLoss(t);
  await write(1, ['a', 'b', 'c']);
  await Promise.all([0, 1, 2].map((at) => nodes.ask(at, { kind: 'rows', slot: 7 })));
  await Promise.all([0, 1, 2].map((at) => nodes.kill(at)));
  await lose(0, 0.5, 'losesNote');
  // The others were stopped as well: they know of it what they wrote down.
  await Promise.all([1, 2].map((at) => nodes.start(at)));
  await nodes.start(0);
  t.equal(await nodes.stoppedBy(0), 'PEER_INCARNATION');
  const expected = ['a', 'b', 'c'].map((name) => [name, 1]);
  for (const at of [1, 2]) t.same(await nodes.ask(at, { kind: 'rows', slot: 7 }), expected);
});

t.test('[X13] an old copy is refused by the others, and what was whole catches up', async (t) => {
  const { nodes, dataDirs, write } = await setUpLoss(t);
  const dataDir = dataDirs[0]!;
  const copy = join(dataDir, '..', 'copy');
  const putBack = async () => {
    await rm(dataDir, { recursive: true });
    await cp(copy, dataDir, { recursive: true });
  };
  await write(1, ['a', 'b', 'c']);
  await nodes.ask(0, { kind: 'rows', slot: 7 });
  await nodes.kill(0);
  await cp(dataDir, copy, { recursive: true });
  await write(2, ['d']);
  await nodes.start(0);
  const rows = await Promise.all([0, 1, 2].map((at) => nodes.ask(at, { kind: 'rows', slot: 7 })));
  const expected = ['a', 'b', 'c', 'd'].map((name) => [name, 1]);
  t.same(rows, [expected, expected, expected], 'what was whole catches up');
  await nodes.kill(0);
  await putBack();
  await nodes.start(0);
  t.equal(await nodes.stoppedBy(0), 'PEER_INCARNATION', 'now it is an old copy');
  t.equal(await codeOf(nodes.start(0)), 'STORE_BEHIND', 'and stays one');
});
