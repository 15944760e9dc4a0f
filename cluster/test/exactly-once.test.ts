import fc from 'fast-check';
import t from 'tap';
import { World } from '../testing/session-world.ts';

const ALL = Number.POSITIVE_INFINITY;

/** A world in which node b has a session, and one command behind it. */
async function opened() {
  const world = new World();
  const b = world.node(1);
  b.hear();
  b.submit();
  await world.settle();
  return { world, b };
}

t.test('[X12] a command whose answer was lost is sent again, and takes effect once', async (t) => {
  const { world, b } = await opened();
  const key = b.submit();
  world.deliver();
  world.commit(ALL);
  // It stands in the log; neither the answer nor the entry reaches b before the connection breaks.
  b.lose(world.leader);
  b.hear();
  await world.settle();
  t.equal(world.copies.get(key), 2, 'twice in the log');
  t.equal(world.outcomes.get(key), 'done');
  t.same(
    world.nodes.map((node) => node.countOf(key)),
    [1, 1, 1],
  );
});

t.test(
  '[X12] a leader that dies between append and answer costs no time, and no copy counts',
  async (t) => {
    for (const kept of [0, 1]) {
      const { world, b } = await opened();
      const key = b.submit();
      world.deliver();
      world.elect(2, kept);
      b.hear();
      t.equal(world.network.at(-1)?.to, world.node(2), 'sent as soon as the new leader is known');
      await world.settle();
      t.equal(world.copies.get(key), 1 + kept);
      t.equal(world.outcomes.get(key), 'done');
      t.same(
        world.nodes.map((node) => node.countOf(key)),
        [1, 1, 1],
      );
    }
  },
);

t.test(
  '[STO-16] a session that was evicted between send and retry is refused, and nothing is applied',
  async (t) => {
    const { world, b } = await opened();
    const key = b.submit();
    // The first copy is lost with its leader; before the second one 64 other clients open sessions.
    world.deliver();
    world.elect(2, 0);
    world.strangers(64);
    b.hear();
    await world.settle();
    t.equal(world.copies.get(key), 1);
    t.equal(world.outcomes.get(key), 'CLUSTER_SESSION_UNKNOWN');
    t.same(
      world.nodes.map((node) => node.countOf(key)),
      [0, 0, 0],
    );
    const again = b.submit();
    await world.settle();
    t.equal(world.outcomes.get(again), 'done', 'a session of its own again');
    t.equal(b.countOf(again), 1);
  },
);

t.test(
  '[STO-16] an evicted session does not come back with a late copy of its opening, nor does what it did',
  async (t) => {
    const world = new World();
    const b = world.node(1);
    b.hear();
    const key = b.submit();
    world.deliver(0, true);
    world.deliver();
    const lateOpening = world.committed.length;
    world.commit(1);
    await b.apply(ALL);
    t.equal(world.network.length > 0, true, 'the command is on its way');
    await world.settle();
    t.equal(world.outcomes.get(key), 'done');
    const [opening] = world.committed.slice(lateOpening);
    const command = world.committed.find(({ command }) => Buffer.from(command).includes(key));
    world.strangers(64);
    for (const { command: late } of [opening!, command!]) world.propose(world.leader, late);
    await world.settle();
    t.equal(world.copies.get(key), 2);
    t.same(
      world.nodes.map((node) => node.countOf(key)),
      [1, 1, 1],
    );
  },
);

t.test(
  'a node that starts anew opens another session; what it had sent takes effect at most once',
  async (t) => {
    const { world, b } = await opened();
    const key = b.submit();
    world.deliver();
    b.restart();
    await world.settle();
    t.equal(world.outcomes.get(key), 'CLUSTER_TIMEOUT', 'nobody is left who could know');
    const next = b.submit();
    await world.settle();
    t.equal(world.outcomes.get(next), 'done');
    t.same([b.countOf(key), b.countOf(next)], [1, 1]);
  },
);

t.test(
  'a snapshot tells what became of the entries it stands for, though not their replies',
  async (t) => {
    const { world, b } = await opened();
    const [taken, open] = [b.submit(), b.submit()];
    world.deliver();
    world.commit(ALL);
    await world.leader.apply(ALL);
    b.install(world.leader);
    await Promise.resolve();
    t.equal(world.outcomes.get(taken), 'CLUSTER_TIMEOUT', 'it took effect, but the reply is gone');
    t.equal(world.outcomes.get(open), undefined);
    await world.settle();
    t.equal(world.outcomes.get(open), 'done', 'it had not, and went on');
    const last = b.submit();
    world.elect(2, 0);
    world.strangers(64);
    world.commit(ALL);
    const c = world.node(2);
    await c.apply(ALL);
    b.install(c);
    await Promise.resolve();
    t.equal(world.outcomes.get(last), 'CLUSTER_TIMEOUT', 'its session is gone with what it knew');
    await world.settle();
    t.same([b.countOf(taken), b.countOf(open), b.countOf(last)], [1, 1, 0]);
    const after = b.submit();
    await world.settle();
    t.equal(world.outcomes.get(after), 'done');
  },
);

type Step = (world: World, a: number, b: number) => void | Promise<void>;

const STEPS: Readonly<Record<string, Step>> = {
  submit: (world, a) => {
    world.node(a).submit();
  },
  deliver: (world, a) => world.deliver(a),
  double: (world, a) => world.deliver(a, true),
  commit: (world, a) => world.commit(a % 4),
  elect: (world, a, b) => world.elect(a, b % 4),
  hear: (world, a) => world.node(a).hear(),
  lose: (world, a, b) => world.node(a).lose(world.node(a + 1 + (b % 2))),
  apply: (world, a, b) => world.node(a).apply(b % 5),
  install: (world, a, b) => world.node(a).install(world.node(b)),
  strangers: (world, a) => world.strangers(a % 80),
  restart: (world, a) => world.node(a).restart(),
  expire: (world, a, b) => world.node(a).expire(b % 3),
};

/** As often as things happen. */
const WEIGHTS: Readonly<Record<keyof typeof STEPS, number>> = {
  submit: 6,
  deliver: 10,
  double: 1,
  commit: 5,
  elect: 2,
  hear: 5,
  lose: 2,
  apply: 8,
  install: 1,
  strangers: 1,
  restart: 1,
  expire: 2,
};

t.test(
  '[X12] whatever is lost, doubled, evicted or restarted: a command takes effect once or not at all, and replicas are the same',
  async (t) => {
    const step = fc.oneof(
      ...Object.keys(STEPS).map((name) => ({
        weight: WEIGHTS[name] ?? 1,
        arbitrary: fc.tuple(fc.constant(name), fc.nat(1_000), fc.nat(1_000)),
      })),
    );
    const seen = new Map<string, number>();
    const schedules = fc.array(step, { minLength: 20, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(schedules, async (steps) => {
        const world = new World();
        for (const [name, a, b] of steps) await STEPS[name]?.(world, a, b);
        await world.settle();
        for (const node of world.nodes) node.expire(ALL);
        await Promise.resolve();
        const [first, ...others] = world.nodes.map((node) => node.content.join());
        if (others.some((other) => other !== first)) throw new Error('replicas differ');
        for (const [key, outcome] of world.outcomes) {
          const count = world.node(0).countOf(key);
          const what = `${outcome} ${count}`;
          seen.set(what, (seen.get(what) ?? 0) + 1);
          if (!POSSIBLE.has(what)) throw new Error(`${key}: ${what}`);
        }
      }),
      { numRuns: 300 },
    );
    t.comment([...seen].map(([what, count]) => `${what}: ${count}`).join(', '));
    for (const what of POSSIBLE) t.ok(seen.has(what), `${what} was met`);
  },
);

/** What a caller may be told, and how often its command took effect. */
const POSSIBLE: ReadonlySet<string> = new Set([
  'done 1',
  'CLUSTER_TIMEOUT 0',
  'CLUSTER_TIMEOUT 1',
  'CLUSTER_NO_LEADER 0',
  'CLUSTER_SESSION_UNKNOWN 0',
  'CLUSTER_STOPPED 0',
]);
