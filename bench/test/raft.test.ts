// The load counts what was acknowledged and nothing else, reading back finds what is missing, and our nodes pass it.

import type { KeyValue, KeyValueClient } from '@rockpool/cluster/testing';
import fc from 'fast-check';
import t from 'tap';
import { runClosedLoop } from '../src/raft/closed-loop.ts';
import { percentile } from '../src/raft/percentile.ts';
import { measureStore } from '../src/raft/raft-bench.ts';
import { countMissing } from '../src/raft/read-back.ts';
import { RockpoolCluster } from '../src/raft/rockpool-cluster.ts';
import { keyOf, VALUE_BYTES, valuesOf, writeOf } from '../src/raft/write-plan.ts';

const SEED = 'seed';

/** A store in memory with pages of three rows; `refuse` says which puts fail. */
class MemoryClient implements KeyValueClient {
  readonly rows = new Map<string, Buffer>();
  refuse: () => boolean = () => false;
  put = async (key: Buffer, value: Buffer): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    if (this.refuse()) throw new Error('busy');
    this.rows.set(key.toString(), value);
  };
  page = async (after: Buffer | undefined): Promise<readonly KeyValue[]> => {
    const keys = [...this.rows.keys()].sort().filter((key) => key > (after?.toString() ?? ''));
    return keys.slice(0, 3).map((key) => ({ key: Buffer.from(key), value: this.rows.get(key)! }));
  };
  close(): void {}
}

t.test('a percentile is the value at the nearest rank', async (t) => {
  t.equal(percentile([15, 20, 35, 40, 50], 0.3), 20);
  t.equal(percentile([50, 15, 40, 20, 35], 0.5), 35);
  t.equal(percentile([3], 0.99), 3);
  t.equal(percentile([1, 2], 0), 1);
  t.throws(() => percentile([], 0.5), /nothing/);
  fc.assert(
    fc.property(
      fc.array(fc.integer(), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const value = percentile(values, share);
        return values.filter((other) => other <= value).length >= share * values.length;
      },
    ),
  );
});

t.test('a key tells its write, and each write of a run has a value of its own', async (t) => {
  const write = { phase: '64', lane: 3, number: 42 };
  t.equal(keyOf(write).toString(), '64/0003/00000042');
  t.same(writeOf(keyOf(write)), write);
  for (const key of ['', '64/3/42', 'X/0003/00000042'])
    t.equal(writeOf(Buffer.from(key)), undefined);
  const valueFor = valuesOf(SEED);
  t.equal(valueFor(write).length, VALUE_BYTES);
  t.same(valueFor(write), valuesOf(SEED)(write));
  t.notSame(valueFor(write), valuesOf('other')(write));
  const values = new Set<string>();
  for (let lane = 0; lane < 16; lane += 1) {
    for (let number = 0; number < 1_000; number += 1) {
      values.add(valueFor({ phase: '64', lane, number }).toString('latin1'));
    }
  }
  t.equal(values.size, 16_000);
});

t.test(
  'the closed loop counts each acknowledged write once, refused ones when they are sent again',
  async (t) => {
    const clients = [new MemoryClient(), new MemoryClient()];
    let refusals = 0;
    clients[1]!.refuse = () => refusals++ < 2;
    let cpu = 0;
    const { report, acknowledged } = await runClosedLoop({
      phase: 'p',
      lanes: 4,
      clients,
      valueFor: valuesOf(SEED),
      cpuSeconds: () => cpu++,
      settleMs: 100,
      seconds: 0.2,
    });
    t.equal(report.retries, 2);
    t.equal(report.cpuSeconds, 1);
    t.ok(report.writes > 0);
    t.ok(report.p50Ms <= report.p99Ms);
    const all = acknowledged.reduce((sum, writes) => sum + writes, 0);
    t.equal(all, clients[0]!.rows.size + clients[1]!.rows.size);
    t.ok(report.writes < all, 'what came before the window does not count');
    t.equal(await countMissing(clients, SEED, { p: acknowledged }), 0);
  },
);

t.test('reading back counts what is missing and refuses what nobody wrote', async (t) => {
  const client = new MemoryClient();
  const valueFor = valuesOf(SEED);
  for (let number = 0; number < 10; number += 1) {
    const write = { phase: 'p', lane: 0, number };
    await client.put(keyOf(write), valueFor(write));
  }
  const count = (writes: number) => countMissing([client], SEED, { p: [writes] });
  t.equal(await count(10), 0);
  t.equal(await count(12), 2);
  t.equal(await count(8), 0, 'a write without acknowledgement may be there');
  client.rows.delete('p/0000/00000004');
  t.equal(await count(10), 1);
  client.rows.set('p/0000/00000005', Buffer.alloc(VALUE_BYTES));
  await t.rejects(count(10), /p\/0000\/00000005 has a value that nobody wrote/);
});

t.test('our nodes hold what they acknowledged after all of them were killed', async (t) => {
  const options = { seconds: 0.5, clients: [8] };
  const sample = await measureStore((directory) => RockpoolCluster.make(directory), options);
  t.ok(sample['writesPerSecond.8'], 'writes were counted');
  t.ok(sample['cpuPerWrite.8'], 'CPU time was counted');
  t.ok(sample['sharded.writesPerSecond'], 'all groups took writes');
});
