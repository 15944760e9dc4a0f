import t from 'tap';
import { ELECTION_TICKS, Group, Node } from './bench.ts';

/** A leader that has committed its first entry; its followers are the test's to play. */
function leader(): Node {
  const node = new Node().lead();
  node.step('appendAccepted', { term: 1, matchIndex: 1 });
  node.sent.length = 0;
  return node;
}

t.test('[C70] a read at the leader or a follower ends at its commit index or above', async (t) => {
  const group = new Group(3);
  group.elect('a');
  group.at('a').propose();
  group.deliver();
  for (const id of ['a', 'b', 'c']) {
    const node = group.at(id);
    const read = node.read();
    t.same(node.reads, [], 'not before a quorum was heard');
    group.deliver();
    t.same(node.reads, [{ read, index: 2 }], id);
  }
});

t.test('[C70] a read needs a quorum: a leader that is cut off confirms none', async (t) => {
  const group = new Group(3);
  group.elect('a');
  group.cut('a');
  const read = group.at('a').read();
  group.deliver();
  t.same(group.at('a').reads, []);
  group.tick(2 * ELECTION_TICKS);
  t.same(group.at('a').failedReads, [read], 'it ends with the reign');
});

t.test('[C70] a voter alone reads at once, once its first entry is committed', async (t) => {
  const node = new Node({ voters: ['a'] });
  t.equal(node.read(), 'NO_LEADER');
  node.tick();
  const read = node.read();
  t.same(node.reads, [{ read, index: 1 }]);
});

t.test('[C71] a new leader holds reads back until it has committed in its term', async (t) => {
  const node = new Node({ log: [1, 1], hardState: { commit: 2 } }).lead();
  const read = node.read();
  t.same(node.take('heartbeat'), [], 'no round is sent for it');
  node.tick().step('heartbeatReply', { term: 2, round: 1 });
  t.same(node.reads, []);
  node.step('appendAccepted', { term: 2, matchIndex: 3 });
  t.match(node.take('heartbeat').at(-1), { round: 2 });
  node.step('heartbeatReply', { term: 2, round: 2 });
  t.same(node.reads, [{ read, index: 3 }]);
});

t.test('[C72] answers to earlier heartbeats never confirm a later read', async (t) => {
  const node = leader();
  node.tick();
  const first = node.read();
  node.step('appendAccepted', { term: 1, matchIndex: 1 });
  const second = node.read();
  t.same(
    node.take('heartbeat').map(({ round }) => round),
    [1, 1, 2, 2, 3, 3],
    'each turn with reads has a round of its own',
  );
  node.step('heartbeatReply', { term: 1, round: 1 });
  t.same(node.reads, []);
  node.step('heartbeatReply', { term: 1, round: 2 });
  node.step('heartbeatReply', { from: 'c', term: 1, round: 2 });
  t.same(node.reads, [{ read: first, index: 1 }]);
  node.step('heartbeatReply', { term: 1, round: 3 });
  t.same(node.reads.at(-1), { read: second, index: 1 });
});

t.test('[C72] an answer counts once, for its own request of its own process', async (t) => {
  const node = new Node();
  node.step('heartbeat', { term: 1, commit: 0, round: 1 });
  const first = node.read();
  t.match(node.take('readRequest'), [{ to: 'b', boot: 1, read: first }]);
  const reply = { term: 1, confirmed: true, index: 0 };
  node.step('readReply', { ...reply, boot: 0, read: 1 });
  t.same(node.reads, [], 'an answer to the process before a restart');
  node.step('readReply', { ...reply, boot: 1, read: 1 });
  node.step('readReply', { ...reply, boot: 1, read: 1 });
  t.same(node.reads, [{ read: first, index: 0 }], 'a doubled one is ignored');
  const second = node.read();
  t.not(second, first);
});

t.test('[C73] reads that were confirmed make room for others', async (t) => {
  const node = new Node({ limits: { readsMax: 2 } }).lead();
  node.step('appendAccepted', { term: 1, matchIndex: 1 });
  for (let round = 1; round <= 20; round += 2) {
    t.equal(typeof node.read(), 'number');
    t.equal(typeof node.read(), 'number');
    t.equal(node.read(), 'BUSY');
    node.step('readRequest', { term: 1, boot: 9, read: round });
    t.match(node.take('readReply'), [{ to: 'b', boot: 9, read: round, confirmed: false }]);
    node.step('heartbeatReply', { term: 1, round: round + 1 });
  }
  t.equal(node.reads.length, 20);
});

t.test('[C74] a deposed leader confirms nothing, and the reads of its term fail', async (t) => {
  const group = new Group(3);
  group.elect('a');
  group.cut('a');
  const atLeader = group.at('a').read();
  group.passes = ({ from, to }) => from !== 'a' && to !== 'a';
  group.at('b').tick(ELECTION_TICKS);
  group.at('c').tick(ELECTION_TICKS);
  group.at('b').campaign();
  group.deliver();
  group.at('b').propose();
  group.deliver();
  group.heal();
  group.tick(2);
  t.same(group.at('a').failedReads, [atLeader]);
  t.same(group.at('a').reads, []);
  t.equal(group.at('a').status.role, 'follower');
});

t.test('a read whose question or answer is lost ends after an election timeout', async (t) => {
  const group = new Group(3);
  group.elect('a');
  group.passes = ({ kind }) => kind !== 'readReply';
  const read = group.at('b').read();
  group.deliver();
  group.tick(ELECTION_TICKS - 1);
  t.same(group.at('b').failedReads, []);
  group.tick();
  t.same(group.at('b').failedReads, [read]);
});

t.test('whoever does not lead says so, and the read fails at once', async (t) => {
  const asked = new Node();
  asked.step('heartbeat', { term: 1, commit: 0, round: 1 });
  asked.step('readRequest', { from: 'c', term: 1, boot: 3, read: 4 });
  t.match(asked.take('readReply'), [{ to: 'c', boot: 3, read: 4, confirmed: false }]);
  asked.step('readRequest', { from: 'c', term: 0, boot: 3, read: 5 });
  t.match(asked.take('readReply'), [{ to: 'c', term: 1, read: 5, confirmed: false }]);
  const asking = new Node();
  asking.step('heartbeat', { term: 1, commit: 0, round: 1 });
  const read = asking.read();
  asking.step('readReply', { term: 1, boot: 1, read: 1, confirmed: false, index: 0 });
  t.same(asking.failedReads, [read]);
});

t.test('a confirmed read waits until its index is applied here', async (t) => {
  const node = new Node({ autoApply: false });
  node.step('heartbeat', { term: 1, commit: 0, round: 1 });
  const read = node.read();
  node.step('readReply', { term: 1, boot: 1, read: 1, confirmed: true, index: 1 });
  const leading = new Node().lead();
  const entries = leading.raft.entries(1, 1);
  node.step('append', { term: 1, previousIndex: 0, previousTerm: 0, commit: 1, entries });
  t.equal(node.applied.length, 1);
  t.same(node.reads, []);
  node.raft.applied(1);
  node.drain();
  t.same(node.reads, [{ read, index: 1 }]);
});

t.test('reads do not bring back the heartbeats of a leader with a slow disk', async (t) => {
  const node = new Node({ autoPersist: false }).lead().persist();
  node.step('appendAccepted', { term: 1, matchIndex: 1 });
  node.propose();
  node.tick(ELECTION_TICKS / 2).sent.length = 0;
  node.read();
  t.same(node.take('heartbeat'), []);
});
