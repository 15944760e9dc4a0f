import fc from 'fast-check';
import t from 'tap';
import { type Rules, THESIS_RULES } from '../../src/core/rules.ts';
import { runSimulation, type SimulationOptions } from '../../testing/index.ts';
import { EventQueue } from '../../testing/sim/event-queue.ts';
import { runSeeds } from '../../testing/sim/run-seeds.ts';

// Minutes of computing where every core is busy.
t.setTimeout(400_000);

t.test('twelve seeds of the core hold every property', async (t) => {
  const seen: number[] = [];
  const set = { firstSeed: 1, seeds: 12, stackEvery: 0 };
  const result = await runSeeds(set, ({ task }) => seen.push(task.seed));
  t.same(result.violations, []);
  t.equal(seen.length, 12);
  t.ok(result.virtualHours > 1);
  t.ok(result.coverage['client.acknowledged'] > 5_000);
});

t.test('the same seed gives the same trace, another seed another', async (t) => {
  const run = (seed: number) => runSimulation({ seed, unsafeMs: 20_000 });
  const hashes = [2, 2, 3].map((seed) => run(seed).traceHash);
  t.equal(hashes[0], hashes[1]);
  t.not(hashes[0], hashes[2]);
});

/** So many seeds are tried at most. */
const WITHIN = 10;

/** Each is a mistake that real systems have made, and the seed from which it is looked for. */
const MISTAKES: Readonly<Record<string, Omit<SimulationOptions, 'seed'> & { from?: number }>> = {
  'entries of earlier terms commit by being counted': {
    rules: mutated({ mayCommit: () => true }),
  },
  'a short duplicate cuts the log': {
    rules: mutated({ firstConflict: (entries) => entries[0]?.index }),
  },
  'a conflicting tail is kept': {
    rules: mutated({ firstConflict: () => undefined }),
  },
  'half of the voters are a quorum': {
    rules: mutated({ quorumSize: (voters) => Math.max(1, Math.floor(voters / 2)) }),
  },
  'all voters are needed for a quorum': {
    rules: mutated({ quorumSize: (voters) => voters }),
    from: 5,
  },
  'any log is good enough for a leader': {
    rules: mutated({ isUpToDate: () => true }),
  },
  'logs are compared by length alone': {
    rules: mutated({ isUpToDate: (candidate, own) => candidate.index >= own.index }),
  },
  'a vote is given to all who ask': {
    rules: mutated({ mayVote: () => true }),
  },
  'the leader counts its copy before it is durable': {
    rules: mutated({ leaderMatch: (_durableIndex, lastIndex) => lastIndex }),
  },
  'a leader reads before it has committed in its term': {
    rules: mutated({ mayRead: () => true }),
  },
  'a read is confirmed by any round of heartbeats': {
    rules: mutated({ confirmsRead: (answered) => answered > 0 }),
    from: 6,
  },
  'a read is confirmed by nobody': {
    rules: mutated({ confirmsRead: () => true }),
    from: 6,
  },
  'the log is cut off beyond what is applied': {
    rules: mutated({ compactionLimit: ({ lastIndex }) => lastIndex }),
  },
  'a snapshot is installed under a page that is being applied': {
    rules: mutated({ mayInstall: () => true }),
    from: 8,
  },
  'a snapshot brings the place in the log without the state': {
    mistakes: { forgetsState: true },
  },
  'while joint, the new voters decide alone': {
    rules: mutated({ majorities: ({ voters }) => [voters] }),
    from: 4,
  },
  'the committed configuration counts, not the newest': {
    rules: mutated({ inForce: (_newest, committed) => committed }),
  },
  'a change of members begins before the one before is committed': {
    rules: mutated({ maySucceed: () => true }),
    from: 9,
  },
  'the vote is not written': { mistakes: { forgetsVote: true } },
  'promises leave before the disk has answered': {
    mistakes: { sendsBeforeDurable: true },
  },
};

function mutated(mutation: Partial<Rules>): Rules {
  return { ...THESIS_RULES, ...mutation };
}

for (const [mistake, { from = 1, ...options }] of Object.entries(MISTAKES)) {
  t.test(`a known mistake is found: ${mistake}`, async (t) => {
    for (let seed = from; seed < from + WITHIN; seed += 1) {
      const { violation } = runSimulation({ seed, ...options });
      if (violation === undefined) continue;
      t.comment(`seed ${seed}: ${violation.property}: ${violation.message}`);
      t.pass('found');
      return;
    }
    t.fail(`not found within ${WITHIN} seeds`);
  });
}

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
