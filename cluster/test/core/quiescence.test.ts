import t from 'tap';
import { ELECTION_TICKS, Group, Node } from './bench.ts';

/** Time enough for a leader to find that nothing happens. */
const QUIET_TICKS = ELECTION_TICKS + 1;

function quietGroup(): Group {
  const group = new Group(3);
  group.elect('a');
  return group.tick(QUIET_TICKS);
}

t.test('a group is quiet once nothing has happened in it for an election timeout', async (t) => {
  const group = new Group(3);
  group.elect('a').tick(ELECTION_TICKS - 1);
  t.equal(group.at('a').raft.quiet, undefined, 'not yet');
  group.tick(2);
  t.same(group.at('a').raft.quiet, { term: 1, index: 1, followers: ['b', 'c'] });
  t.equal(group.at('b').raft.quiet, undefined, 'it is for the leader to say');
  group.at('a').propose();
  t.equal(group.at('a').raft.quiet, undefined, 'something is on its way');
  group.deliver();
  t.equal(group.at('a').raft.quiet, undefined, 'something happened just now');
  group.tick(QUIET_TICKS);
  t.match(group.at('a').raft.quiet, { index: 2 });
});

t.test('[F2] it is not quiet while a follower lacks something, or does not answer', async (t) => {
  const group = quietGroup();
  group.cut('c');
  group.at('a').propose();
  group.tick(3 * ELECTION_TICKS);
  t.equal(group.at('a').status.commit, 2, 'the two others go on');
  t.equal(group.at('a').raft.quiet, undefined);
  const silent = quietGroup();
  silent.cut('c');
  silent.tick(2 * ELECTION_TICKS);
  t.equal(silent.at('a').raft.quiet, undefined, 'though it has all of the log');
});

t.test('it is not quiet while somebody waits for a read, or leadership moves', async (t) => {
  const group = quietGroup();
  const leader = group.at('a').raft;
  group.passes = ({ kind }) => kind !== 'heartbeatReply';
  t.type(group.at('a').read(), 'number');
  t.equal(leader.quiet, undefined, 'a read');
  group.heal();
  group.tick(QUIET_TICKS);
  t.ok(leader.quiet);
  leader.transfer('b');
  t.equal(leader.quiet, undefined, 'a transfer');
});

t.test('a follower lets it rest where it has the same, and nothing else', async (t) => {
  const group = quietGroup();
  const follower = group.at('b').raft;
  const place = { term: 1, index: 1 };
  t.equal(follower.quiesce('a', place), true);
  t.equal(follower.quiesce('c', place), false, 'the word of one that does not lead');
  t.equal(follower.quiesce('a', { term: 2, index: 1 }), false, 'of another term');
  t.equal(follower.quiesce('a', { term: 1, index: 2 }), false, 'more than it has');
  t.equal(follower.quiesce('a', { term: 1, index: 0 }), false, 'less than it has');
  t.equal(group.at('a').raft.quiesce('a', place), false, 'it leads itself');
  group.passes = ({ kind }) => kind !== 'readReply';
  group.at('b').read();
  t.equal(follower.quiesce('a', place), false, 'it waits for an answer');
});

t.test('[F2] a follower that has not applied, or stored, what it has goes on', async (t) => {
  const slow = new Node({ self: 'b', autoApply: false });
  const noop = { from: 'a', term: 1, previousIndex: 0, previousTerm: 0, commit: 0 };
  const [entry] = quietGroup().at('a').raft.entries(1, 1);
  slow.step('append', { ...noop, entries: [entry!] });
  t.equal(slow.raft.quiesce('a', { term: 1, index: 1 }), false, 'it is not committed');
  slow.step('heartbeat', { from: 'a', term: 1, commit: 1, round: 1 });
  t.equal(slow.raft.quiesce('a', { term: 1, index: 1 }), false, 'it is not applied');
  slow.raft.applied(1);
  t.equal(slow.raft.quiesce('a', { term: 1, index: 1 }), true);
});

t.test('once roused, a follower campaigns as if it had been awake all the time', async (t) => {
  const group = quietGroup();
  const [awake, roused] = [group.at('b'), group.at('c')];
  const ticksToCampaign = (node: Node): number => {
    let ticks = 0;
    for (; node.status.role === 'follower'; ticks += 1) node.tick();
    return ticks;
  };
  awake.step('heartbeat', { from: 'a', term: 1, commit: 1, round: 100 });
  roused.step('heartbeat', { from: 'a', term: 1, commit: 1, round: 100 });
  const silentTicks = ELECTION_TICKS - 1;
  t.equal(roused.raft.quiesce('a', { term: 1, index: 1 }), true);
  roused.raft.resume(50, silentTicks);
  const waited = ticksToCampaign(roused) + silentTicks;
  t.ok(waited >= ELECTION_TICKS && waited < 2 * ELECTION_TICKS, `${waited} ticks`);
  t.ok(ticksToCampaign(awake) >= ELECTION_TICKS);
});

t.test('once roused, a leader asks at the next tick, and gives up as ever', async (t) => {
  const group = quietGroup();
  const leader = group.at('a');
  leader.raft.resume(500, 0);
  leader.sent.length = 0;
  leader.tick();
  t.equal(leader.take('heartbeat').length, 2);
  leader.tick(ELECTION_TICKS - 2);
  t.equal(leader.status.role, 'leader', 'nobody was asked while it rested');
  leader.tick();
  t.equal(leader.status.role, 'follower', 'for an election timeout nobody has answered');
});
