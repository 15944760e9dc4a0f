import t from 'tap';
import { ELECTION_TICKS, Group, Node } from './bench.ts';

function ledGroup(voters = 3): Group {
  const group = new Group(voters);
  group.elect('a');
  group.tick(2);
  return group;
}

t.test('[C110] [C111] leadership goes to a follower, although all hear the leader', async (t) => {
  const group = ledGroup();
  group.at('a').raft.transfer('c');
  group.at('a').drain();
  group.deliver();
  t.same(group.leaders, ['c']);
  t.equal(group.at('c').status.term, 2, 'one term further, without a round of pre-votes');
  const reasons = group
    .at('c')
    .events.flatMap((event) => (event.kind === 'roleChanged' ? [event.reason] : []));
  t.same(reasons, ['leadershipTransferred', 'electionWon']);
  t.match(group.at('a').propose(), { code: 'NOT_LEADER', leader: 'c' });
});

t.test('[C110] a follower that lags is told only when it has the whole log', async (t) => {
  const group = ledGroup();
  group.passes = ({ to, kind }) => to !== 'c' || kind !== 'append';
  group.at('a').propose();
  group.deliver();
  group.at('a').raft.transfer('c');
  group.at('a').drain();
  group.deliver();
  t.same(group.leaders, ['a']);
  group.heal();
  group.tick(3);
  t.same(group.leaders, ['c']);
  t.equal(group.at('c').status.commit, 3);
});

t.test('[C112] to itself, to a stranger, or by a follower: nothing happens', async (t) => {
  const group = ledGroup();
  for (const to of ['a', 'z']) {
    group.at('a').raft.transfer(to);
    t.match(group.at('a').status, { role: 'leader', transferTo: undefined });
  }
  group.at('b').raft.transfer('c');
  group.tick(2);
  t.same(group.leaders, ['a']);
});

t.test('[C113] no proposal is taken meanwhile, for an election timeout at most', async (t) => {
  const group = ledGroup();
  group.passes = ({ kind }) => kind !== 'timeoutNow';
  const leader = group.at('a');
  leader.raft.transfer('b');
  leader.drain();
  group.deliver();
  t.same(leader.propose(), { ok: false, code: 'TRANSFERRING' });
  group.tick(ELECTION_TICKS - 1);
  t.match(leader.status, { transferTo: 'b' });
  group.tick(1);
  t.match(leader.status, { role: 'leader', transferTo: undefined });
  t.match(leader.propose(), { ok: true });
});

t.test('[C114] a leader that is voted out hands over no more', async (t) => {
  const group = ledGroup();
  const leader = group.at('a');
  group.passes = ({ kind }) => kind !== 'timeoutNow';
  leader.raft.transfer('b');
  leader.drain();
  leader.step('heartbeatReply', { from: 'c', term: 9, round: 0 });
  t.match(leader.status, { role: 'follower', term: 9, transferTo: undefined });
  group.heal();
  group.elect('a');
  t.match(group.at('a').status, { role: 'leader', transferTo: undefined });
  t.match(group.at('a').propose(), { ok: true }, 'a later reign knows nothing of it');
});

t.test('[C115] another target replaces the first, the same one has no more time', async (t) => {
  const group = ledGroup();
  const leader = group.at('a');
  group.passes = ({ kind }) => kind !== 'timeoutNow';
  leader.raft.transfer('b');
  group.tick(ELECTION_TICKS - 1);
  leader.raft.transfer('b');
  t.match(leader.status, { transferTo: 'b' });
  group.tick(1);
  t.match(leader.status, { transferTo: undefined });
  leader.raft.transfer('b');
  leader.raft.transfer('c');
  t.match(leader.status, { transferTo: 'c' });
  leader.raft.transfer('a');
  t.match(leader.status, { transferTo: undefined }, 'back to itself cancels');
  group.heal();
  leader.raft.transfer('c');
  leader.drain();
  group.deliver();
  t.same(group.leaders, ['c']);
});

t.test('a target whose disk hangs does not campaign, and an old word moves nobody', async (t) => {
  const node = new Node({ autoPersist: false });
  node.step('heartbeat', { term: 1, commit: 0, round: 1 });
  for (let tick = 0; tick < ELECTION_TICKS; tick += 1) {
    node.tick().step('heartbeat', { term: 1, commit: 0, round: 2 + tick });
  }
  node.step('timeoutNow', { term: 1 });
  t.equal(node.status.role, 'follower');
  const other = new Node({ hardState: { term: 5 } });
  other.step('timeoutNow', { term: 4 });
  t.match(other.status, { role: 'follower', term: 5 });
});

t.test('only a vote that the leader wants passes the lease of those who hear it', async (t) => {
  const group = ledGroup();
  const voter = group.at('b');
  const request = { from: 'c', term: 2, lastIndex: 9, lastTerm: 1 };
  voter.step('voteRequest', request);
  t.same(voter.take('voteReply'), []);
  voter.step('voteRequest', { ...request, isTransfer: true });
  t.match(voter.take('voteReply'), [{ granted: true, term: 2 }]);
});
