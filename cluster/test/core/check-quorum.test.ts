import t from 'tap';
import { ELECTION_TICKS, Group, Node } from './bench.ts';

t.test(
  '[C60] a leader heard by a quorum stays, one that is not steps down by itself',
  async (t) => {
    const group = new Group(3);
    group.elect('a');
    group.cut('c');
    group.tick(5 * ELECTION_TICKS);
    t.same(group.leaders, ['a'], 'two of three');
    group.cut('b', 'c');
    group.at('a').tick(2 * ELECTION_TICKS);
    t.not(group.at('a').status.role, 'leader');
  },
);

t.test('answers to heartbeats of an earlier window do not keep a leader', async (t) => {
  const node = new Node().lead();
  node.tick(ELECTION_TICKS - 1);
  node.step('heartbeatReply', { term: 1, round: 1 });
  node.tick();
  t.equal(node.status.role, 'leader');
  for (let tick = 0; tick < ELECTION_TICKS; tick += 1) {
    node.step('heartbeatReply', { term: 1, round: 2 }).tick();
  }
  t.equal(node.status.role, 'follower');
});

t.test(
  '[C61] voters that hear a leader do not answer candidates, nor adopt their term',
  async (t) => {
    const group = new Group(3);
    group.elect('a');
    const voter = group.at('b');
    voter.step('voteRequest', { from: 'c', term: 9, lastIndex: 9, lastTerm: 9 });
    voter.step('preVoteRequest', { from: 'c', term: 9, lastIndex: 9, lastTerm: 9 });
    t.same(voter.sent, []);
    t.equal(voter.status.term, 1);
    voter.tick(ELECTION_TICKS);
    voter.sent.length = 0;
    voter.step('voteRequest', { from: 'c', term: 9, lastIndex: 9, lastTerm: 9 });
    t.match(voter.take('voteReply'), [{ granted: true, term: 9 }], 'but once it is silent');
  },
);

t.test('[C62] a candidate stuck in a higher term is freed: the leader yields to it', async (t) => {
  const group = new Group(3, { c: { hardState: { term: 7 } } });
  group.cut('c');
  group.elect('a');
  t.same(group.leaders, ['a']);
  group.heal();
  group.tick(3 * ELECTION_TICKS);
  t.equal(group.leaders.length, 1);
  for (const node of group.nodes.values()) t.ok(node.status.term > 7);
});

t.test('[C64] a pre-vote is granted only if the leader is silent', async (t) => {
  const node = new Node();
  node.step('heartbeat', { term: 1, commit: 0, round: 1 });
  node.take('heartbeatReply');
  const request = { from: 'c', term: 2, lastIndex: 0, lastTerm: 0 };
  node.tick(ELECTION_TICKS - 1).sent.length = 0;
  node.step('preVoteRequest', request);
  t.same(node.sent, []);
  node.tick();
  node.step('preVoteRequest', request);
  t.match(node.take('preVoteReply'), [{ granted: true, term: 2 }]);
});

t.test('[C65] a node of a lower term that returns when the leader dies can win', async (t) => {
  const group = new Group(3, { c: { hardState: { term: 1 }, log: [1, 1] } });
  group.cut('c');
  group.elect('a').elect('b').elect('a');
  t.equal(group.at('a').status.term, 3);
  // c has the entries, but not the term: as if it had missed only the elections.
  const log = group.at('b').terms;
  const lower = new Group(3, {
    a: { log, hardState: { term: 3 } },
    b: { log, hardState: { term: 9 } },
    c: { log, hardState: { term: 3 } },
  });
  lower.cut('a');
  lower.tick(6 * ELECTION_TICKS);
  t.equal(lower.leaders.length, 1);
});

t.test('[C66] a split pre-vote is resolved in a next round', async (t) => {
  const group = new Group(2);
  group.at('a').campaign();
  group.at('b').campaign();
  group.deliver();
  group.tick(6 * ELECTION_TICKS);
  t.equal(group.leaders.length, 1);
});

t.test('a one-way cut of the leader ends in another leader', async (t) => {
  for (const deaf of [true, false]) {
    const group = new Group(3);
    group.elect('a');
    group.passes = ({ from, to }) => (deaf ? to : from) !== 'a';
    group.tick(6 * ELECTION_TICKS);
    t.notMatch(group.leaders, ['a'], deaf ? 'it hears nobody' : 'nobody hears it');
    t.equal(group.leaders.length, 1);
  }
});

t.test(
  'a leader whose disk hangs falls silent, then steps down, and does not campaign',
  async (t) => {
    const node = new Node({ autoPersist: false }).lead().persist();
    node.propose();
    for (let round = 1; round <= ELECTION_TICKS; round += 1) {
      node.tick();
      const { role, term } = node.status;
      if (role === 'leader') node.step('heartbeatReply', { term, round: 1 });
    }
    t.match(node.status, { role: 'follower', term: 1 });
    t.match(node.events.filter(({ kind }) => kind === 'roleChanged').at(-1), {
      reason: 'diskStalled',
    });
    node.tick(3 * ELECTION_TICKS);
    t.equal(node.status.role, 'follower');
    node.persist().tick(3 * ELECTION_TICKS);
    t.equal(node.status.role, 'preCandidate', 'until the disk is back');
  },
);

t.test('a leader with a slow disk stops its heartbeats at half the timeout', async (t) => {
  const group = new Group(3, { a: { autoPersist: false } });
  const leader = group.at('a').campaign();
  group.deliver();
  leader.persist();
  group.deliver();
  t.same(group.leaders, ['a']);
  leader.tick(ELECTION_TICKS / 2 - 1);
  t.ok(leader.take('heartbeat').length > 0);
  leader.tick(1).sent.length = 0;
  leader.tick(2);
  t.same(leader.take('heartbeat'), []);
});

t.test('a node alone on a slow disk leads and commits, in the one term', async (t) => {
  const node = new Node({ voters: ['a'], autoPersist: false });
  node.tick(10 * ELECTION_TICKS);
  t.match(node.status, { role: 'candidate', term: 1 });
  node.persist();
  t.match(node.status, { role: 'leader', term: 1 });
  t.match(node.propose(), { ok: true });
  node.tick(10 * ELECTION_TICKS);
  t.match(node.status, { role: 'leader', term: 1, commit: 0 }, 'nobody could take over');
  node.persist();
  t.match(node.status, { role: 'leader', term: 1, commit: 2 });
});
