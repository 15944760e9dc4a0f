import fc from 'fast-check';
import t from 'tap';
import {
  BRANCH_LINKS_MAX,
  type BranchLink,
  type Bytes,
  chooseBranch,
  peekPoolStatement,
  peekUserStatement,
  poolLinkSigners,
  revokedBy,
  toHex,
  userLinkSigners,
} from '../src/index.ts';
import { createTestPerson, createTestPool } from '../testing/index.ts';
import { holdsForAll } from './holds-for-all.ts';

const name = (n: number): Bytes => new Uint8Array([n >> 8, n & 0xff]);
const ROOT = name(0);
/** Many times what it takes: to compare each branch with each one at each fork takes longer. */
const CPU_MAX_MICROSECONDS = 3_000_000;

/** Link `n` after `prev`, signed by one of a few, which may revoke another. */
function link(n: number, prev: number, signer = 900, revokes: readonly number[] = []): BranchLink {
  return { hash: name(n), prev: name(prev), signers: [name(signer)], revokes: revokes.map(name) };
}

const tipOf = (links: readonly BranchLink[]): string => {
  const choice = chooseBranch(ROOT, links);
  if (choice === undefined) return 'none';
  return choice.kind === 'taken'
    ? toHex(choice.tip)
    : `open ${choice.tips.map((tip) => toHex(tip)).join(' ')}`;
};
const taken = (n: number): string => toHex(name(n));

t.test('[DIR-16] the longer branch is taken, and of equal ones none', (t) => {
  t.equal(tipOf([]), 'none');
  t.equal(tipOf([link(1, 0), link(2, 1)]), taken(2), 'one branch is no choice');
  t.equal(tipOf([link(1, 0), link(2, 0), link(3, 2)]), taken(3));
  t.equal(tipOf([link(1, 0), link(2, 0)]), `open ${taken(1)} ${taken(2)}`);
  t.equal(tipOf([link(9, 8)]), 'none', 'what does not follow from the chain is of no branch');
  const deep = [link(1, 0), link(2, 1), link(3, 1), link(4, 3), link(5, 0), link(6, 5)];
  t.equal(tipOf(deep), taken(4), 'a fork within the longer branch is decided in the same way');
  const tied = [link(1, 0), link(2, 1), link(3, 1), link(4, 0)];
  t.equal(tipOf(tied), `open ${taken(2)} ${taken(3)}`, 'the shorter one is out of the question');
  t.end();
});

t.test(
  '[DIR-17] a branch that revokes a signer of the other is taken, however long that one is',
  (t) => {
    const removal = link(1, 0, 900, [666]);
    const fork = Array.from({ length: 40 }, (_, at) => link(100 + at, at === 0 ? 0 : 99 + at, 666));
    t.equal(tipOf([removal, ...fork]), taken(1), 'who was removed cannot win by diligence');
    t.equal(tipOf([...fork, removal]), taken(1));
    const before = [link(1, 0, 666), link(2, 1, 900, [666])];
    t.equal(
      tipOf([...before, link(3, 1, 666), link(4, 3, 666)]),
      taken(2),
      'what both share does not count',
    );
    const mutual = [link(1, 0, 900, [666]), link(2, 0, 666, [900]), link(3, 2, 666)];
    t.equal(tipOf(mutual), `open ${taken(1)} ${taken(3)}`, 'if both do, a person chooses');
    const circle = [link(1, 0, 901, [902]), link(2, 0, 902, [903]), link(3, 0, 903, [901])];
    t.equal(tipOf(circle), `open ${taken(1)} ${taken(2)} ${taken(3)}`);
    const within = [
      link(10, 0),
      link(11, 10, 901, [902]),
      link(12, 10, 902, [903]),
      link(13, 10, 903, [901]),
    ];
    const beside = [link(20, 0), link(21, 20)];
    const all = [11, 12, 13, 21].map(taken).join(' ');
    t.equal(tipOf([...within, ...beside]), `open ${all}`, 'a circle loses to no equal branch');
    t.end();
  },
);

t.test('the most links that a chain collects are soon chosen between, in any shape', (t) => {
  // At every step a fork whose other side is as long as all that follows, and many ends at last.
  const [steps, links]: [number, BranchLink[]] = [12, []];
  const add = (prev: number) => links.push(link(links.length + 1, prev));
  let at = 0;
  for (let left = steps; left > 0; left -= 1) {
    const next = add(at);
    for (let [side, more] = [at, left + 1]; more > 0; more -= 1) side = add(side);
    at = next;
  }
  while (links.length < BRANCH_LINKS_MAX) add(at);
  const before = process.cpuUsage();
  t.equal(chooseBranch(ROOT, links)?.kind, 'open');
  const { user } = process.cpuUsage(before);
  t.ok(user < CPU_MAX_MICROSECONDS, `${user} microseconds`);
  t.end();
});

const trees = fc
  .array(
    fc.record({ after: fc.nat(), signer: fc.nat(3), revokes: fc.option(fc.nat(3), { freq: 4 }) }),
    { minLength: 1, maxLength: 14 },
  )
  .map((shapes) =>
    shapes.map(({ after, signer, revokes }, at) =>
      link(at + 1, after % (at + 1), 900 + signer, revokes === null ? [] : [900 + revokes]),
    ),
  );

t.test('[DIR-16] the order in which links came decides nothing', (t) => {
  const orders = trees.chain((links) => {
    return fc.tuple(fc.constant(links), fc.shuffledSubarray(links, { minLength: links.length }));
  });
  holdsForAll(
    t,
    fc.property(orders, ([links, other]) => tipOf(other) === tipOf(links)),
  );
  t.end();
});

t.test('every tip is the end of a branch', (t) => {
  holdsForAll(
    t,
    fc.property(trees, (links) => {
      const followed = new Set(links.map(({ prev }) => toHex(prev)));
      const choice = chooseBranch(ROOT, links);
      const tips = choice?.kind === 'taken' ? [choice.tip] : (choice?.tips ?? []);
      const known = new Set(links.map(({ hash }) => toHex(hash)));
      return (
        tips.length > 0 && tips.every((tip) => known.has(toHex(tip)) && !followed.has(toHex(tip)))
      );
    }),
  );
  t.end();
});

t.test('the kinds there are name their signers and revoke nobody', (t) => {
  const anna = createTestPerson();
  const pool = createTestPool(anna);
  const added = anna.deviceAdd();
  const byDevice = anna.deviceAdd({ by: anna.device });
  const opened = (envelope: Bytes) => {
    const peeked = peekUserStatement(envelope);
    if (!peeked.ok) throw new Error(peeked.detail);
    return peeked.value;
  };
  t.same(userLinkSigners(opened(added.envelope)), [anna.passkey.credential.id]);
  t.same(userLinkSigners(opened(byDevice.envelope)), [anna.device.id]);
  t.same(revokedBy(opened(added.envelope).statement), []);
  const invite = pool.invite(anna);
  pool.append(invite.envelope, anna);
  const ben = createTestPerson();
  const join = peekPoolStatement(pool.join(ben, invite));
  if (!join.ok) throw new Error(join.detail);
  t.same(poolLinkSigners(join.value), [ben.device.id, ben.ref[1], invite.hash]);
  t.same(revokedBy(join.value.statement), []);
  t.end();
});
