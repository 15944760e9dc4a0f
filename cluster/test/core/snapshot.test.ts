import t from 'tap';
import { baseAt, type LogBase } from '../../src/core/entry.ts';
import { commandEntry, ELECTION_TICKS, entriesOf, Group, Node, voterIds } from './bench.ts';

const THREE = { voters: voterIds(3), outgoing: [], learners: [] };
const KEPT = { logEntriesKept: 4, logBytesKept: 1024 * 1024, logBytesMax: 1024 * 1024 };
const base = (index: number, term: number, checksum = 7): LogBase => ({
  index,
  term,
  checksum,
  entryTimeMs: 5,
  configuration: THREE,
});

/** A leader of three with a short log, whose follower c has missed what was cut off. */
function groupWithLaggard(limits: object = {}): Group {
  const group = new Group(3, { a: { limits: { ...KEPT, ...limits } } });
  group.elect('a');
  group.cut('c');
  group.tick(3 * ELECTION_TICKS);
  for (let value = 0; value < 20; value += 1) group.at('a').propose();
  group.deliver();
  return group;
}

function follower(group: Group, id: string) {
  return group.at('a').status.followers.find(({ node }) => node === id);
}

/** What the driver would do for a snapshot that arrived. */
function receive(node: Node, from: string, term: number, at: LogBase): Node {
  return node.step('snapshot', { from, term, base: at });
}

function baseOf(group: Group, index: number): LogBase {
  const [entry] = group.at('a').raft.entries(index, index);
  if (entry === undefined) throw new Error('it is in the log');
  return baseAt(entry, THREE);
}

t.test('[C80] a snapshot gives a log its position, and the log goes on from it', async (t) => {
  const node = new Node({ log: [1, 1, 2], hardState: { commit: 1 }, autoPersist: false });
  node.drain();
  const at = base(10, 3);
  receive(node, 'b', 4, at);
  t.match(node.batches.at(-1), {
    snapshot: at,
    truncateFrom: undefined,
    entries: [],
    hardState: { term: 4, commit: 10 },
    index: 10,
  });
  t.same(node.take('appendAccepted'), [], 'nothing is promised before it is durable');
  node.persist();
  t.match(node.take('appendAccepted'), [{ to: 'b', term: 4, matchIndex: 10 }]);
  const { firstIndex, lastIndex, applied, commit, durableIndex } = node.status;
  t.same([firstIndex, lastIndex, applied, commit, durableIndex], [11, 10, 10, 10, 10]);
  const next = commandEntry({ index: 11, term: 4, entryTimeMs: 5 }, at.checksum);
  const append = { term: 4, previousIndex: 10, previousTerm: 3, commit: 11 };
  node.step('append', { ...append, entries: [next] }).persist();
  t.same(
    node.applied.map(({ index }) => index),
    [1, 11],
    'what the snapshot covers is not applied again',
  );
  const earlier = commandEntry({ index: 12, term: 4, entryTimeMs: 4 }, next.checksum);
  node.step('append', { ...append, previousIndex: 11, previousTerm: 4, entries: [earlier] });
  t.match(node.events.at(-1), { reason: 'malformedEntries' }, 'times do not fall after it');
});

t.test('[C81] a snapshot of what is committed, or in the log, changes no state', async (t) => {
  const log = entriesOf([1, 1, 1]);
  const at = (index: number) => base(index, 1, log[index - 1]?.checksum ?? 0);
  const node = new Node({ log: [1, 1, 1], hardState: { commit: 2 } }).drain();
  receive(node, 'b', 1, at(1));
  t.match(node.take('appendAccepted'), [{ matchIndex: 2 }]);
  t.same(node.status.commit, 2);
  receive(node, 'b', 1, at(3));
  t.match(node.take('appendAccepted'), [{ matchIndex: 3 }]);
  t.match(node.status, { commit: 3, firstIndex: 1, lastIndex: 3, applied: 3 });
  const notNeeded = node.events.filter(({ kind }) => kind === 'snapshotNotNeeded');
  t.equal(notNeeded.length, 2);
  t.ok(node.batches.every(({ snapshot }) => snapshot === undefined));
});

t.test('a snapshot of a past leader, or one that cannot be, is thrown away', async (t) => {
  const node = new Node({ hardState: { term: 5 } });
  receive(node, 'b', 4, base(9, 3));
  t.match(node.events.at(-1), { kind: 'snapshotNotNeeded', index: 9 });
  receive(node, 'b', 5, base(9, 6));
  t.match(node.events.at(-1), { kind: 'snapshotNotNeeded', index: 9 });
  t.match(node.status, { lastIndex: 0, applied: 0 });
});

t.test('a snapshot waits until the page that is being applied is applied', async (t) => {
  const node = new Node({ log: [1, 1], hardState: { commit: 1 }, autoApply: false }).drain();
  t.equal(node.applied.length, 1);
  receive(node, 'b', 2, base(10, 2));
  t.match(node.status, { applied: 0, lastIndex: 2 });
  node.step('heartbeat', { term: 2, commit: 2, round: 1 });
  t.equal(node.applied.length, 1, 'and no further page is handed out');
  node.raft.applied(1);
  node.drain();
  t.match(node.status, { applied: 10, firstIndex: 11 });
  const late = new Node({ log: [1, 1], hardState: { commit: 1 }, autoApply: false }).drain();
  receive(late, 'b', 2, base(10, 2));
  late.step('heartbeat', { from: 'c', term: 3, commit: 0, round: 1 });
  late.raft.applied(1);
  late.drain();
  t.match(late.status, { applied: 1, lastIndex: 2 }, 'the leader that sent it leads no more');
  t.match(late.events.at(-1), { kind: 'snapshotNotNeeded', index: 10 });
});

t.test('[C83] a follower behind the log gets a snapshot, and no appends meanwhile', async (t) => {
  const group = groupWithLaggard();
  const leader = group.at('a');
  t.ok(leader.status.firstIndex > 10, 'a follower that is away holds nothing back');
  t.same(leader.snapshotsFor, [], 'nor is anything streamed to it');
  group.heal();
  group.tick(2);
  t.same(leader.snapshotsFor, ['c']);
  t.match(follower(group, 'c'), { state: 'snapshot', inflightAppends: 0 });
  leader.propose();
  const toC = leader.sent.filter(({ to, kind }) => to === 'c' && kind === 'append');
  t.same(toC, []);
  leader.raft.snapshotEnded('c', false);
  leader.drain();
  t.match(follower(group, 'c'), { state: 'probe', matchIndex: 1 });
  t.same(leader.snapshotsFor, ['c'], 'not again before it was heard');
  group.tick(2);
  t.same(leader.snapshotsFor, ['c', 'c']);
  const { applied } = leader.status;
  leader.raft.snapshotEnded('c', true);
  leader.drain();
  t.match(follower(group, 'c'), { state: 'probe' });
  t.ok((follower(group, 'c')?.nextIndex ?? 0) <= applied + 1);
});

t.test('[C84] [C85] a follower that a snapshot put on the log replicates at once', async (t) => {
  for (const behind of [0, 1]) {
    const group = groupWithLaggard();
    const leader = group.at('a');
    group.heal();
    group.tick(2);
    const index = leader.status.lastIndex - behind;
    receive(group.at('c'), 'a', 1, baseOf(group, index));
    group.deliver();
    t.match(follower(group, 'c'), { state: 'replicate', matchIndex: leader.status.lastIndex });
    leader.propose();
    group.deliver();
    group.tick(1);
    t.equal(group.at('c').status.applied, leader.status.applied, 'without the word of its end');
  }
});

t.test('a broken connection does not end a snapshot that is on its way', async (t) => {
  const group = groupWithLaggard();
  group.heal();
  group.tick(2);
  group.at('a').raft.unreachable('c');
  group.tick(3);
  t.match(follower(group, 'c'), { state: 'snapshot' });
  t.equal(group.at('a').snapshotsFor.length, 1);
});

t.test('[C86] a log that was cut keeps its place: last index, terms and commit', async (t) => {
  const group = groupWithLaggard();
  const { raft, status } = group.at('a');
  t.equal(status.lastIndex, 21);
  t.equal(status.commit, 21);
  t.ok(status.lastIndex - status.firstIndex < 8);
  t.throws(() => raft.entries(status.firstIndex - 1, status.lastIndex), /lies in the log/);
  const batches = group.at('a').batches.filter(({ compactTo }) => compactTo !== undefined);
  const last = batches.at(-1)?.compactTo;
  t.match(last, { index: status.firstIndex - 1, term: 1 });
  const again = group.at('a').restarted({
    hardState: { term: 1, vote: 'a', commit: 21 },
    log: { base: last ?? base(0, 0), entries: raft.entries(status.firstIndex, 21) },
    applied: 21,
  });
  t.match(again.status(), { firstIndex: status.firstIndex, lastIndex: 21, commit: 21 });
});

t.test('an append that begins below what is cut off is no conflict', async (t) => {
  const group = groupWithLaggard();
  const entries = entriesOf([1, 1]);
  const append = { from: 'b', term: 2, previousIndex: 0, previousTerm: 0, commit: 0, entries };
  const node = group.at('a');
  const { lastIndex } = node.status;
  node.step('append', append);
  t.match(node.take('appendAccepted').at(-1), { to: 'b', matchIndex: lastIndex });
  t.equal(node.status.lastIndex, lastIndex);
});

t.test('a follower that answers but lags is spared, until the log is over its bound', async (t) => {
  for (const [logBytesMax, isSpared] of [
    [1024 * 1024, true],
    [600, false],
  ] as const) {
    const group = new Group(3, { a: { limits: { ...KEPT, logBytesKept: 300, logBytesMax } } });
    group.elect('a');
    group.passes = ({ to, kind }) => to !== 'c' || kind !== 'append';
    for (let round = 0; round < 20; round += 1) {
      group.at('a').propose();
      group.tick(1);
    }
    t.equal(group.at('a').status.firstIndex === 2, isSpared, `${logBytesMax}`);
  }
});

t.test('what is not applied is never cut off', async (t) => {
  const node = new Node({ voters: ['a'], limits: KEPT, autoApply: false }).tick();
  for (let value = 0; value < 50; value += 1) node.propose();
  t.match(node.status, { firstIndex: 1, lastIndex: 51 });
  node.raft.applied(1);
  node.drain();
  t.equal(node.status.firstIndex, 2);
});

t.test('[C89] a restart from a snapshot hands out only what is above it', async (t) => {
  const at = base(10, 3);
  const first = commandEntry({ index: 11, term: 3, entryTimeMs: 5 }, at.checksum);
  const second = commandEntry({ index: 12, term: 4, entryTimeMs: 6 }, first.checksum);
  const again = new Node().restarted({
    hardState: { term: 4, vote: undefined, commit: 12 },
    log: { base: at, entries: [first, second] },
    applied: 11,
  });
  t.match(again.ready()?.apply, [{ index: 12 }]);
  t.match(again.status(), { role: 'follower', firstIndex: 11, lastIndex: 12, durableIndex: 12 });
  const lost = () =>
    new Node().restarted({
      hardState: { term: 4, vote: undefined, commit: 12 },
      log: { base: at, entries: [] },
      applied: 9,
    });
  t.throws(lost, { name: 'RaftInvariantError' }, 'what was cut off must be applied');
});
