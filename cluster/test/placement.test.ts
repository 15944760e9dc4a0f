import fc from 'fast-check';
import t from 'tap';
import { isJoint, leaveJoint, nextConfiguration } from '../src/core/configuration.ts';
import type { Configuration } from '../src/core/entry.ts';
import { nextChange, type Placement } from '../src/driver/placement.ts';

const NODES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];
const configurationOf = (voters: string, learners = ''): Configuration => {
  return { voters: [...voters], outgoing: [], learners: [...learners] };
};

function change(
  configuration: Configuration,
  staying: string,
  options: { departing?: string; hearing?: string; behind?: string; group?: number } = {},
) {
  const { departing = '', hearing = '', behind = '', group = 1 } = options;
  return nextChange({
    group,
    configuration,
    staying: [...staying],
    isDeparting: (node) => departing.includes(node),
    mustHear: (node) => hearing.includes(node),
    isCaughtUp: (node) => !behind.includes(node),
  });
}

t.test('a group takes up new nodes, has three voters, and replaces who leaves', (t) => {
  t.equal(change(configurationOf('abc'), 'abc'), undefined);
  t.same(change(configurationOf('abc'), 'abcd'), { addLearners: ['d'] });
  t.equal(change(configurationOf('abc', 'd'), 'abcd'), undefined, 'three voters are enough');
  const leaves = { departing: 'b' };
  t.same(change(configurationOf('abc', 'd'), 'acd', leaves), { promote: ['d'], remove: ['b'] });
  t.equal(
    change(configurationOf('abc', 'd'), 'acd', { departing: 'b', behind: 'd' }),
    undefined,
    'it waits until the new one has the log',
  );
  t.same(change(configurationOf('abc'), 'ac', leaves), { promote: [], remove: ['b'] });
  t.same(change(configurationOf('acd', 'b'), 'acd', leaves), { remove: ['b'] });
  t.same(change(configurationOf('a', 'b'), 'b', { departing: 'a' }), {
    promote: ['b'],
    remove: ['a'],
  });
  t.end();
});

t.test('who leaves and must hear of it stays as a learner for that long', (t) => {
  const leaves = { departing: 'b', hearing: 'b' };
  const demoted = { promote: ['d'], demote: ['b'], remove: [] };
  t.same(change(configurationOf('abc', 'd'), 'acd', leaves), demoted);
  t.equal(change(configurationOf('acd', 'b'), 'acd', leaves), undefined);
  t.same(change(configurationOf('acd', 'b'), 'acd', { departing: 'b' }), { remove: ['b'] });
  t.end();
});

t.test('one voter stays alone until two can join it', (t) => {
  t.same(change(configurationOf('a'), 'ab'), { addLearners: ['b'] });
  t.equal(change(configurationOf('a', 'b'), 'ab'), undefined);
  t.equal(change(configurationOf('a', 'bc'), 'abc', { behind: 'c' }), undefined);
  t.same(change(configurationOf('a', 'bc'), 'abc')?.promote?.length, 2);
  t.end();
});

t.test('a node that is merely not known keeps its place: the list here may be old', (t) => {
  t.equal(change(configurationOf('abd', 'c'), 'abc'), undefined);
  t.end();
});

t.test('the meta group votes on five from nine nodes on, other groups on three', (t) => {
  const nine = 'abcdefghi';
  t.equal(change(configurationOf('abc', 'defghi'), nine), undefined);
  t.same(change(configurationOf('abc', 'defghi'), nine, { group: 0 })?.promote?.length, 2);
  t.end();
});

t.test('from any members and any nodes the steps end, with all there and nobody who left', (t) => {
  const cases = fc.record({
    group: fc.nat(20),
    voters: fc.subarray(NODES, { minLength: 1, maxLength: 5 }),
    members: fc.subarray(NODES),
    staying: fc.subarray(NODES, { minLength: 1 }),
  });
  fc.assert(
    fc.property(cases, ({ group, voters, members, staying }) => {
      const learners = members.filter((node) => !voters.includes(node));
      let configuration: Configuration = { voters, outgoing: [], learners };
      const placement: Omit<Placement, 'configuration'> = {
        group,
        staying,
        isDeparting: (node) => !staying.includes(node),
        mustHear: () => false,
        isCaughtUp: () => true,
      };
      for (let steps = 0; ; steps += 1) {
        const next = nextChange({ ...placement, configuration });
        if (next === undefined) break;
        const changed = nextConfiguration(configuration, next);
        if (typeof changed === 'string' || steps > 5) throw new Error(`${changed} ${steps}`);
        configuration = isJoint(changed) ? leaveJoint(changed) : changed;
      }
      const all = [...configuration.voters, ...configuration.learners].sort();
      const enough = configuration.voters.length >= Math.min(3, staying.length >= 3 ? 3 : 1);
      return all.join() === [...staying].sort().join() && enough;
    }),
  );
  t.end();
});
