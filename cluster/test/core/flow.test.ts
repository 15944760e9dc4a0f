import fc from 'fast-check';
import t from 'tap';
import type { Entry } from '../../src/core/entry.ts';
import { quorumIndex, voteResult } from '../../src/core/quorum.ts';
import { THESIS_RULES } from '../../src/core/rules.ts';
import { commandEntry, entriesOf, Group, Node, voterIds } from './bench.ts';

const COMMAND_BYTES = 36;
/** With the fixed part, an entry counts 100 bytes. */
const ENTRY_BYTES = 100;
const command = new Uint8Array(COMMAND_BYTES);

t.test('[C50] in the probe state at most one append leaves per heartbeat', async (t) => {
  const node = new Node().lead();
  t.equal(node.take('append').length, 2, 'the first probes');
  for (let value = 0; value < 5; value += 1) node.propose();
  t.same(node.take('append'), []);
  for (let beat = 1; beat <= 3; beat += 1) {
    node.tick().step('heartbeatReply', { term: 1, round: beat });
    const probes = node.take('append');
    t.match(probes, [{ to: 'b', previousIndex: 0 }]);
    node.propose();
    t.same(node.take('append'), []);
  }
});

t.test('[C51] a window of count and bytes holds, and an answer opens it', async (t) => {
  const limits = { appendBytesMax: 2 * ENTRY_BYTES, inflightAppendsMax: 3 };
  const node = new Node({ limits }).lead();
  node.step('appendAccepted', { term: 1, matchIndex: 1 });
  node.take('append');
  for (let value = 0; value < 20; value += 1) {
    node.raft.propose({ command, entryTimeMs: 0, ruleVersion: 1, tableEpoch: 1 });
  }
  node.drain();
  const sizes = node.take('append').map((append) => append.entries.length);
  t.same(sizes, [2, 2, 2]);
  t.match(node.status.followers[0], { inflightAppends: 3, inflightBytes: 6 * ENTRY_BYTES });
  node.step('appendAccepted', { term: 1, matchIndex: 5 });
  const more = node.take('append').filter((append) => append.entries.length > 0);
  t.match(more, [{ previousIndex: 7 }, { previousIndex: 9 }]);

  const byBytes = new Node({ limits: { inflightBytesMax: 150, appendBytesMax: 1 } }).lead();
  byBytes.step('appendAccepted', { term: 1, matchIndex: 1 });
  byBytes.take('append');
  for (let value = 0; value < 5; value += 1) byBytes.propose({ command });
  t.equal(byBytes.take('append').length, 2, 'each alone over the limit, until the bytes are over');
});

t.test('[C52] a full window whose messages are lost does not stall', async (t) => {
  const group = new Group(3, { a: { limits: { inflightAppendsMax: 2, appendBytesMax: 1 } } });
  group.elect('a');
  group.passes = ({ kind, to }) => !(kind === 'append' && to === 'c');
  for (let value = 0; value < 10; value += 1) group.at('a').propose();
  group.deliver();
  t.same(group.at('c').terms, [1]);
  group.heal();
  group.tick(5);
  t.equal(group.at('c').status.commit, 11);
});

t.test('[C53] a broken connection takes a follower back to probing', async (t) => {
  const group = new Group(3);
  group.elect('a');
  group.at('a').raft.unreachable('b');
  const b = group.at('a').status.followers.find(({ node }) => node === 'b');
  t.match(b, { state: 'probe', matchIndex: 1, nextIndex: 2, inflightAppends: 0 });
  group.tick(2);
  t.match(group.at('a').status.followers[0], { state: 'replicate' });
});

t.test('[C54] uncommitted bytes are capped, and counted down to exactly zero', async (t) => {
  const limits = { uncommittedBytesMax: 3 * ENTRY_BYTES };
  const group = new Group(3, { a: { limits } });
  group.elect('a');
  const leader = group.at('a');
  for (let value = 0; value < 3; value += 1) t.match(leader.propose({ command }), { ok: true });
  t.same(leader.propose({ command }), { ok: false, code: 'BUSY' });
  t.same(leader.propose({ command: new Uint8Array(0) }), { ok: false, code: 'BUSY' });
  t.equal(leader.status.uncommittedBytes, 3 * ENTRY_BYTES);
  group.deliver();
  t.match(leader.status, { commit: 4, uncommittedBytes: 0 });
  t.match(leader.propose({ command: new Uint8Array(9999) }), { ok: true }, 'one large alone');
  t.match(leader.propose({ command }), { code: 'BUSY' });
  group.deliver();
  t.equal(leader.status.uncommittedBytes, 0);
});

t.test('[C54] a new leader over the cap still appends its empty entry', async (t) => {
  const node = new Node({ log: [1, 1, 1], limits: { uncommittedBytesMax: 1 } }).lead();
  t.match(node.status, { lastIndex: 4 });
  t.ok(node.status.uncommittedBytes > 1);
  t.match(node.propose(), { code: 'BUSY' });
});

t.test(
  '[C55] committed entries are handed out in bounded pages, after a restart too',
  async (t) => {
    const log = new Array<number>(10).fill(1);
    const limits = { applyBytesMax: 3 * 66 };
    const node = new Node({ log, hardState: { commit: 10 }, applied: 1, limits, autoApply: false });
    node.drain();
    t.same(node.pages, [3], 'the next page waits until this one is applied');
    node.raft.applied(4);
    node.drain();
    t.same(node.pages, [3, 3]);
    node.raft.applied(7);
    node.drain();
    t.same(
      node.applied.map((entry) => entry.index),
      [2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
    const tiny = new Node({ log, hardState: { commit: 10 }, limits: { applyBytesMax: 1 } }).drain();
    t.same(tiny.pages, new Array<number>(10).fill(1), 'a larger entry passes alone');
  },
);

t.test('[C87] a disk answer for entries replaced since then makes nothing durable', async (t) => {
  const node = new Node({ autoPersist: false });
  const append = { previousIndex: 0, previousTerm: 0, commit: 0 };
  node.step('append', { term: 1, ...append, entries: entriesOf([1, 1, 1]) });
  node.step('append', { from: 'c', term: 2, ...append, entries: entriesOf([1, 2, 2]) });
  t.equal(node.batches.length, 2);
  t.match(node.batches[1], { truncateFrom: 2, entries: [{ index: 2 }, { index: 3 }] });
  node.persist(1);
  t.equal(node.status.durableIndex, 1);
  node.persist(1);
  t.equal(node.status.durableIndex, 3);
});

t.test('[C88] promises leave with their batch, never before', async (t) => {
  const node = new Node({ autoPersist: false });
  const append = { term: 1, previousTerm: 0, commit: 0 };
  node.step('append', { ...append, previousIndex: 0, entries: entriesOf([1]) });
  const [first] = entriesOf([1]);
  const second = [commandEntry({ index: 2, term: 1 }, first?.checksum ?? 0)];
  node.step('append', { ...append, previousIndex: 1, previousTerm: 1, entries: second });
  node.step('append', { ...append, previousIndex: 1, previousTerm: 1, entries: [] });
  t.same(node.take('appendAccepted'), []);
  node.persist(1);
  t.match(node.take('appendAccepted'), [{ matchIndex: 1 }]);
  node.persist(1);
  t.match(node.take('appendAccepted'), [{ matchIndex: 2 }, { matchIndex: 1 }]);
  node.step('voteRequest', { from: 'c', term: 5, lastIndex: 9, lastTerm: 4 });
  node.tick(20).sent.length = 0;
  node.step('voteRequest', { from: 'c', term: 5, lastIndex: 9, lastTerm: 4 });
  t.same(node.take('voteReply'), []);
  node.persist();
  t.match(node.take('voteReply'), [{ to: 'c', granted: true }]);
});

t.test('[C89] a restart hands out only what is above the applied index', async (t) => {
  const node = new Node({ log: [1, 1, 2], hardState: { term: 2, commit: 2 }, applied: 1 }).drain();
  t.same(
    node.applied.map((entry) => entry.index),
    [2],
  );
  t.match(node.status, { commit: 2, lastIndex: 3, durableIndex: 3, role: 'follower' });
});

t.test('a batch that did not come, or came back otherwise, is an invariant broken', async (t) => {
  const node = new Node({ autoPersist: false });
  node.step('heartbeat', { term: 3, commit: 0, round: 1 });
  const [batch] = node.batches;
  t.match(batch, { batch: 1, term: 3, index: 0, hardState: { term: 3, vote: undefined } });
  t.throws(() => node.raft.persisted({ batch: 2, term: 3, index: 0 }), /in flight/);
  t.throws(() => node.raft.persisted({ batch: 1, term: 2, index: 0 }), /as it went/);
  t.throws(() => node.raft.applied(1), /handed out/);
});

t.test('a damaged log is not started from', async (t) => {
  const [first, second, third] = entriesOf([1, 1, 1]);
  if (first === undefined || second === undefined || third === undefined) throw new Error('three');
  const configuration = { voters: voterIds(3), outgoing: [], learners: [] };
  const base = { index: 0, term: 0, checksum: 0, entryTimeMs: 0, configuration };
  const start = (entries: readonly Entry[]) => () =>
    new Node().restarted({
      hardState: { term: 1, vote: undefined, commit: 0 },
      log: { base, entries },
    });
  const logs = [
    [first, third],
    [second, third],
    [first, { ...second, command: Uint8Array.of(9) }],
    [first, { ...second, term: 0 }],
    [{ ...first, group: 2 }],
  ];
  for (const log of logs) t.throws(start(log), { name: 'RaftInvariantError' });
  t.doesNotThrow(start([first, second, third]));
  const lost = {
    hardState: { term: 1, vote: undefined, commit: 3 },
    log: { base, entries: [] },
  };
  t.throws(() => new Node().restarted(lost), { name: 'RaftInvariantError' });
});

t.test('the index of a quorum is what counting each index one by one gives', async (t) => {
  const quorumAndMatches = fc
    .array(fc.nat(12), { minLength: 1, maxLength: 9 })
    .chain((matches) =>
      fc.tuple(fc.constant(matches), fc.integer({ min: 1, max: matches.length })),
    );
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(quorumAndMatches, ([matches, quorum]) => {
        let naive = 0;
        for (let index = 1; index <= 12; index += 1) {
          if (matches.filter((match) => match >= index).length >= quorum) naive = index;
        }
        return quorumIndex(matches, quorum) === naive;
      }),
    ),
  );
});

t.test('a vote is won or lost exactly when no further answer can change it', async (t) => {
  const cases = fc
    .integer({ min: 1, max: 7 })
    .chain((voters) =>
      fc.tuple(
        fc.constant(voters),
        fc.array(fc.constantFrom(true, false, undefined), { minLength: voters, maxLength: voters }),
      ),
    );
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(cases, ([voters, answers]) => {
        const ids = answers.map((_, at) => `${at}`);
        const votes = new Map<string, boolean>([['stranger', true]]);
        for (const [at, answer] of answers.entries()) {
          if (answer !== undefined) votes.set(`${at}`, answer);
        }
        const best = answers.filter((answer) => answer !== false).length * 2 > voters;
        const worst = answers.filter((answer) => answer === true).length * 2 > voters;
        const expected = worst ? 'won' : best ? 'pending' : 'lost';
        return voteResult([ids], votes, THESIS_RULES.quorumSize) === expected;
      }),
    ),
  );
});

t.test('any two quorums share a voter', async (t) => {
  for (let voters = 1; voters <= 9; voters += 1) {
    const quorum = THESIS_RULES.quorumSize(voters);
    t.ok(2 * quorum > voters && quorum <= voters);
  }
  t.throws(() => quorumIndex([1, 2], 3), { name: 'RaftInvariantError' });
});
