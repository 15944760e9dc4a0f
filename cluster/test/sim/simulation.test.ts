import fc from 'fast-check';
import t from 'tap';
import { runSimulation } from '../../testing/index.ts';
import { EventQueue } from '../../testing/sim/event-queue.ts';
import { runSeeds } from '../../testing/sim/run-seeds.ts';

// Minutes of computing where every core is busy.
t.setTimeout(400_000);

t.test('twelve seeds of the core hold every property', async (t) => {
  const seen: number[] = [];
  const set = { firstSeed: 1, seeds: 12, stackEvery: 0 };
  const result = await runSeeds(set, ({ task, result: { coverage } }) => {
    seen.push(task.seed);
    const { P1, P3, P5, O1, O2 } = coverage;
    const mix = [P1 + P3 + P5, O1, O2, coverage['raft.snapshotSent']];
    t.ok(
      mix.every((times) => times > 0),
      `seed ${task.seed} has restarts, changes, transfers, snapshots`,
    );
  });
  t.same(result.violations, []);
  t.equal(seen.length, 12);
  t.ok(result.virtualHours > 1);
  t.ok(result.coverage['client.acknowledged'] > 2_000);
});

t.test('the same seed gives the same trace, another seed another', async (t) => {
  const run = (seed: number) => runSimulation({ seed, unsafeMs: 20_000 });
  const hashes = [2, 2, 3].map((seed) => run(seed).traceHash);
  t.equal(hashes[0], hashes[1]);
  t.not(hashes[0], hashes[2]);
});

t.test('virtual time runs events in the order of time, then of scheduling', async (t) => {
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 50 }), (delays) => {
        const queue = new EventQueue();
        const ran: { atMs: number; order: number }[] = [];
        for (const [order, delay] of delays.entries()) {
          queue.after(delay, () => ran.push({ atMs: queue.nowMs, order }));
        }
        while (queue.runNext(100));
        const sorted = delays
          .map((atMs, order) => ({ atMs, order }))
          .sort((x, y) => x.atMs - y.atMs || x.order - y.order);
        return JSON.stringify(ran) === JSON.stringify(sorted) && queue.nowMs === 100;
      }),
    ),
  );
});
