import fc from 'fast-check';
import t from 'tap';
import {
  type ConfigurationChange,
  isVoter,
  leaveJoint,
  membersOf,
  nextConfiguration,
} from '../../src/core/configuration.ts';
import type { Configuration } from '../../src/core/entry.ts';
import { agreedIndex, voteResult } from '../../src/core/quorum.ts';
import { THESIS_RULES } from '../../src/core/rules.ts';

const NODES = ['a', 'b', 'c', 'd', 'e', 'f'];
const some = fc.subarray(NODES);
const changes: fc.Arbitrary<ConfigurationChange> = fc.record(
  { addLearners: some, promote: some, demote: some, remove: some },
  { requiredKeys: [] },
);
const START: Configuration = { voters: ['a', 'b', 'c'], outgoing: [], learners: ['d'] };

/** Every set of nodes that could commit and elect, found by trying them all. */
function quorumsOf({ voters, outgoing }: Configuration): ReadonlySet<string>[] {
  const sets = Array.from({ length: 1 << NODES.length }, (_, bits) => {
    return new Set(NODES.filter((_node, at) => (bits >> at) & 1));
  });
  const has = (set: ReadonlySet<string>, half: readonly string[]) =>
    half.length === 0 || half.filter((node) => set.has(node)).length * 2 > half.length;
  return sets.filter((set) => has(set, voters) && has(set, outgoing));
}

function alwaysMeet(a: Configuration, b: Configuration): boolean {
  const others = quorumsOf(b);
  return quorumsOf(a).every((one) => others.every((other) => [...one].some((x) => other.has(x))));
}

t.test(
  '[C92] [C95] any quorums of configurations that follow each other share a node',
  async (t) => {
    let joint = 0;
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 4 }), (several) => {
        let present = START;
        for (const change of several) {
          const next = nextConfiguration(present, change);
          if (typeof next === 'string') continue;
          if (!alwaysMeet(present, next)) return false;
          present = next;
          if (next.outgoing.length === 0) continue;
          joint += 1;
          present = leaveJoint(next);
          if (!alwaysMeet(next, present)) return false;
        }
        return true;
      }),
      { numRuns: 150 },
    );
    t.ok(joint > 0, `${joint} joint configurations`);
    const without = { voters: ['d', 'e', 'f'], outgoing: [], learners: [] };
    t.notOk(alwaysMeet(START, without), 'what is jumped to without a joint one is noticed');
  },
);

t.test(
  'whoever is in a configuration has one part in it, and who is not named keeps it',
  async (t) => {
    t.doesNotThrow(() =>
      fc.assert(
        fc.property(changes, (change) => {
          const next = nextConfiguration(START, change);
          if (typeof next === 'string') return;
          const { voters, learners } = leaveJoint(next);
          const members = [...voters, ...learners];
          if (new Set(members).size !== members.length) throw new Error('twice');
          if (voters.length === 0) throw new Error('no voters');
          const named = new Set(Object.values(change).flat());
          for (const node of membersOf(START)) {
            const kept = isVoter(START, node) ? voters : learners;
            if (!named.has(node) && !kept.includes(node)) throw new Error(`${node} changed`);
          }
          for (const node of change.remove ?? []) {
            if (members.includes(node)) throw new Error(`${node} is still there`);
          }
        }),
      ),
    );
  },
);

t.test('[C95] a joint quorum is what counting both halves one by one gives', async (t) => {
  const halves = fc.tuple(
    fc.subarray(NODES, { minLength: 1 }),
    fc.subarray(NODES, { minLength: 1 }),
    fc.array(fc.nat(9), { minLength: NODES.length, maxLength: NODES.length }),
  );
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(halves, ([voters, outgoing, values]) => {
        const configuration = { voters, outgoing, learners: [] };
        const majorities = THESIS_RULES.majorities(configuration);
        const standOf = (node: string) => values[NODES.indexOf(node)] ?? 0;
        let naive = 0;
        for (let index = 1; index <= 9; index += 1) {
          const having = new Set(NODES.filter((node) => standOf(node) >= index));
          const isQuorum = [voters, outgoing].every(
            (half) => half.filter((node) => having.has(node)).length * 2 > half.length,
          );
          if (isQuorum) naive = index;
        }
        const votes = new Map(NODES.map((node) => [node, standOf(node) >= 5]));
        const isWon = voteResult(majorities, votes, THESIS_RULES.quorumSize) === 'won';
        const agreed = agreedIndex(majorities, standOf, THESIS_RULES.quorumSize);
        return agreed === naive && isWon === naive >= 5;
      }),
    ),
  );
});
