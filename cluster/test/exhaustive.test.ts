// Every history of three nodes, and of four that change who votes, within small bounds, on the real core. Wider bounds:
// npm run sim -- --exhaustive

import t from 'tap';
import type { Bounds } from '../testing/exhaustive/bounds.ts';
import { runExhaustiveCli } from '../testing/exhaustive/cli.ts';
import { explore } from '../testing/exhaustive/explore.ts';
import { type Input, Members } from '../testing/exhaustive/member.ts';
import { textOf } from '../testing/exhaustive/names.ts';
import { copyOf, openCore } from '../testing/exhaustive/opened-core.ts';
import { LED, startOf, UNTOUCHED } from '../testing/exhaustive/world.ts';
import { mutantOf } from '../testing/mutants/all-mutants.ts';
import { editOf } from '../testing/mutants/mutant.ts';
import { Random } from '../testing/sim/random.ts';

const NOTHING: Bounds = {
  campaigns: 0,
  heartbeats: 0,
  quorumChecks: 0,
  proposals: 0,
  crashes: 0,
  transfers: 0,
  changes: 0,
  writing: 0,
};
const createRaft = await openCore('real', (_file, source) => source);
const search = (bounds: Partial<Bounds>, isSymmetric = true, create = createRaft) =>
  explore(create, {
    world: UNTOUCHED,
    bounds: { ...NOTHING, ...bounds },
    statesMax: 15_000,
    isSymmetric,
  });
const searchChanges = (bounds: Partial<Bounds>, statesMax: number, create = createRaft) =>
  explore(create, { world: LED, bounds: { ...NOTHING, changes: 1, ...bounds }, statesMax });

t.test('every history within the bounds holds every invariant', async (t) => {
  const found = search({ campaigns: 1, proposals: 1, crashes: 1 });
  t.equal(found.violation, undefined);
  t.ok(found.isComplete);
  t.ok(found.states > 1_000);
});

t.test('where the bounds are too wide, every short history holds every invariant', async (t) => {
  for (const bounds of [
    { campaigns: 3, crashes: 2 },
    { campaigns: 2, writing: 1 },
  ]) {
    const found = search(bounds);
    t.equal(found.violation, undefined);
    t.notOk(found.isComplete);
    t.ok(found.depth >= 7);
  }
});

t.test(
  'states that differ in who is who are looked at once, and all of them counted',
  async (t) => {
    const named = search({ campaigns: 1 });
    const unnamed = search({ campaigns: 1 }, false);
    t.ok(named.isComplete && unnamed.isComplete);
    t.equal(named.statesUnnamed, unnamed.states);
    t.equal(named.depth, unnamed.depth);
    t.ok(named.states < unnamed.states);
  },
);

/** What each must break, within the bounds that its shortest history needs. */
const MISTAKES: readonly {
  readonly what: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly bounds: Partial<Bounds>;
  readonly breaks: string;
}[] = [
  {
    what: 'a vote is told before it is durable',
    file: 'voting.ts',
    from: "state.sendOnceDurable({ kind: 'voteReply'",
    to: "state.send({ kind: 'voteReply'",
    bounds: { campaigns: 2, crashes: 1 },
    breaks: 'a term has one leader',
  },
  {
    what: 'half of the voters are a quorum',
    file: 'rules.ts',
    from: 'Math.floor(voters / 2) + 1',
    to: 'Math.floor(voters / 2)',
    bounds: { campaigns: 2 },
    breaks: 'what commits is durable on a quorum by then',
  },
  {
    what: 'the leader counts its copy before it is durable',
    file: 'rules.ts',
    from: '(durableIndex) => durableIndex',
    to: '(_durableIndex, lastIndex) => lastIndex',
    bounds: { campaigns: 1, writing: 1 },
    breaks: 'what commits is durable on a quorum by then',
  },
];

for (const { what, file, from, to, bounds, breaks } of MISTAKES) {
  t.test(`the shortest history that a mistake breaks is found: ${what}`, async (t) => {
    const mistaken = await openCore(what, (path, source) =>
      path === `src/core/${file}` ? source.replace(from, to) : source,
    );
    const { violation, depth } = search(bounds, true, mistaken);
    t.equal(violation?.invariant, breaks);
    t.equal(violation?.history.length, depth + 1);
    t.comment(violation?.history.join('; '));
  });
}

t.test(
  'every way in which a voter comes, alone or in the place of any, holds every invariant',
  async (t) => {
    const found = searchChanges({}, 50_000);
    t.equal(found.violation, undefined);
    t.ok(found.isComplete);
    t.ok(found.states > 10_000);
  },
);

t.test(
  'so does every short history in which leaders change and nodes crash meanwhile',
  async (t) => {
    const found = searchChanges({ campaigns: 1, proposals: 1, crashes: 1 }, 15_000);
    t.equal(found.violation, undefined);
    t.ok(found.depth >= 5);
  },
);

/** The rules of a change of members, each taken away: what that breaks, within which bounds. */
const WITHOUT_RULE: readonly (readonly [id: string, bounds: Partial<Bounds>, breaks: string])[] = [
  ['A7b', {}, 'what commits is durable on a quorum by then'],
  ['E2', {}, 'what commits is durable on a quorum by then'],
  ['E5', {}, 'one change at a time'],
  ['E7', { campaigns: 1 }, 'a node goes by the newest configuration in its log'],
];

for (const [id, bounds, breaks] of WITHOUT_RULE) {
  t.test(`a change of members without its rule is found: ${id}`, async (t) => {
    const mistaken = await openCore(id, editOf(mutantOf(id)));
    const { violation, depth } = searchChanges(bounds, 15_000, mistaken);
    t.equal(violation?.invariant, breaks);
    t.equal(violation?.history.length, depth + 1);
    t.match(violation?.history.join('; '), /makes D a voter/);
    t.comment(violation?.history.join('; '));
  });
}

t.test('an input gives another state and leaves the one before as it was', async (t) => {
  const random = new Random(1);
  const { nodes: names, configuration } = UNTOUCHED;
  const driver = new Members(createRaft, configuration, 1);
  const nodes = [...startOf(UNTOUCHED, createRaft).members];
  const mail: Input[][] = nodes.map(() => []);
  const wrong: Input[] = [];
  for (let at = 0; at < 600; at += 1) {
    const node = random.between(0, names.length - 1);
    const own = nodes[node] ?? driver.first('A');
    const isLeader = own.raft.status().role === 'leader';
    const timer: Input = { kind: isLeader ? 'heartbeat' : 'expire' };
    const waiting: readonly Input[] = own.writing.length > 0 ? [{ kind: 'persist' }] : [];
    const input = mail[node]?.shift() ?? waiting[0] ?? timer;
    const before = textOf(own);
    const once = driver.step(own, input);
    const isSame =
      textOf(copyOf(own)) === before &&
      textOf(driver.step(own, input)) === textOf(once) &&
      textOf(own) === before;
    if (!isSame) wrong.push(input);
    nodes[node] = once.member;
    for (const message of once.sent) {
      mail[names.indexOf(message.to)]?.push({ kind: 'deliver', message });
    }
  }
  t.same(wrong, []);
  t.ok(nodes.some(({ raft }) => raft.status().commit > 0));
});

t.test('the command line says how far it got', async (t) => {
  const run = async (...args: string[]) => {
    const lines: string[] = [];
    const code = await runExhaustiveCli(args, (line) => lines.push(line));
    return { code, last: lines.at(-1) ?? '' };
  };
  const small = ['--proposals', '0', '--crashes', '0'];
  t.match(await run(...small), { code: 0, last: /^every history within the bounds/ });
  t.match(await run(...small, '--campaigns', '0', '--changes', '1', '--states', '100'), {
    code: 0,
    last: /^stopped: every history of/,
  });
  t.match(await run(...small, '--states', '30'), { code: 0, last: /^stopped: every history of/ });
  for (const args of [['--campaigns', '16'], ['--states', 'x'], ['--what'], ['x']]) {
    t.match(await run(...args), { code: 2 });
  }
});
