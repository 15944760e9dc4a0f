import t from 'tap';
import { NOBODY } from '../../src/core/configuration.ts';
import { baseAt } from '../../src/core/entry.ts';
import { commandEntry, ELECTION_TICKS, Group, Node, voterIds } from './bench.ts';

/** `voters/outgoing/learners` of each configuration in its log, with `!` if it is not committed. */
function configurationsOf(node: Node): string[] {
  const { firstIndex, lastIndex, commit } = node.status;
  return node.raft.entries(firstIndex, lastIndex).flatMap(({ index, configuration }) => {
    if (configuration === undefined) return [];
    const { voters, outgoing, learners } = configuration;
    const text = [voters, outgoing, learners].map((nodes) => nodes.join('')).join('/');
    return [index > commit ? `${text}!` : text];
  });
}

/** a leads a, b, c; d, if it is there, follows as a learner that has everything. */
function led(voters = 3, options: Record<string, object> = { d: {} }): Group {
  const group = new Group(voters, options);
  group.sendsSnapshots = true;
  group.elect('a').tick();
  for (const id of Object.keys(options)) {
    if (voterIds(voters).includes(id)) continue;
    if (group.at('a').change({ addLearners: [id] }) !== 'ok') throw new Error('it is taken');
    group.deliver().tick(2);
  }
  return group;
}

t.test('[C92] voters change by way of a joint configuration, learners in one step', async (t) => {
  const group = led();
  t.same(configurationsOf(group.at('a')), ['abc//d']);
  t.equal(group.at('a').change({ promote: ['d'], remove: ['b'] }), 'ok');
  t.same(configurationsOf(group.at('a')), ['abc//d', 'acd/abc/!'], 'in force at once');
  t.same(group.at('a').status.configuration.outgoing, ['a', 'b', 'c']);
  group.deliver();
  t.same(configurationsOf(group.at('a')), ['abc//d', 'acd/abc/', 'acd//']);
  t.same(configurationsOf(group.at('c')), ['abc//d', 'acd/abc/', 'acd//']);
  t.equal(group.at('a').change({ demote: ['c'] }), 'ok');
  group.deliver();
  t.equal(group.at('a').change({ remove: ['c'] }), 'ok');
  group.deliver();
  t.same(configurationsOf(group.at('d')).slice(-3), ['ad/acd/c', 'ad//c', 'ad//']);
});

t.test('[C90] [C97] one change at a time, a joint configuration included', async (t) => {
  const group = led();
  const leader = group.at('a');
  group.cut('b', 'c');
  t.equal(leader.change({ promote: ['d'] }), 'ok');
  t.equal(leader.change({ remove: ['d'] }), 'CHANGE_UNDER_WAY');
  group.deliver();
  t.equal(leader.change({ addLearners: ['e'] }), 'CHANGE_UNDER_WAY', 'joint, and not committed');
  group.passes = ({ kind, from }) => kind !== 'appendAccepted' || from === 'b';
  for (let tick = 0; tick < 3 && leader.status.configurationIndex < 4; tick += 1) group.tick();
  t.same(configurationsOf(leader).at(-1), 'abcd//!', 'left, which is not committed');
  t.equal(leader.change({ addLearners: ['e'] }), 'CHANGE_UNDER_WAY');
  group.heal();
  group.tick(2);
  t.equal(leader.change({ addLearners: ['e'] }), 'ok');
});

t.test('a change that cannot be is refused, and says why', async (t) => {
  const group = led();
  const leader = group.at('a');
  const { configurationIndex } = leader.status;
  t.equal(group.at('b').change({ remove: ['c'] }), 'NOT_LEADER');
  t.equal(leader.change({ promote: ['x'] }), 'NOT_A_LEARNER');
  t.equal(leader.change({ demote: ['x'] }), 'NOT_A_VOTER');
  t.equal(leader.change({ promote: ['d'], remove: ['d'] }), 'CONTRADICTORY');
  t.equal(leader.change({ remove: ['a', 'b', 'c'] }), 'NO_VOTERS');
  const many = Array.from({ length: 300 }, (_, at) => `n${at}`);
  t.equal(leader.change({ addLearners: many }), 'TOO_MANY_MEMBERS');
  leader.raft.transfer('b');
  t.equal(leader.change({ remove: ['c'] }), 'TRANSFERRING');
  leader.raft.transfer('a');
  t.equal(leader.status.configurationIndex, configurationIndex, 'nothing was appended');
});

t.test('[C94] adding who is there and removing who is not change nothing', async (t) => {
  const group = led();
  const leader = group.at('a');
  const { lastIndex } = leader.status;
  for (const change of [
    {},
    { addLearners: ['a', 'd'] },
    { promote: ['b'] },
    { demote: ['d'] },
    { remove: ['x'] },
  ]) {
    t.equal(leader.change(change), 'UNCHANGED', JSON.stringify(change));
  }
  t.equal(leader.status.lastIndex, lastIndex);
});

t.test('a leader changes nothing before it has committed in its own term', async (t) => {
  const node = new Node({ log: [1], hardState: { commit: 1 } }).lead();
  t.equal(node.change({ addLearners: ['d'] }), 'LEADER_NOT_READY');
  node.step('appendAccepted', { term: 2, matchIndex: 2 });
  t.equal(node.change({ addLearners: ['d'] }), 'ok');
});

t.test('only a learner that has nearly all of the log becomes a voter', async (t) => {
  const group = led(3, { d: {}, a: { limits: { inflightAppendsMax: 4 } } });
  const leader = group.at('a');
  group.cut('d');
  for (let value = 0; value < 6; value += 1) leader.propose();
  group.deliver();
  t.equal(leader.change({ promote: ['d'] }), 'LEARNER_BEHIND');
  group.heal();
  group.tick(3);
  group.cut('d');
  for (let value = 0; value < 4; value += 1) leader.propose();
  group.deliver();
  t.equal(leader.change({ promote: ['d'] }), 'ok', 'what it lacks is on its way');
});

t.test('a learner that is silent, or was never heard, becomes no voter', async (t) => {
  const group = led();
  group.cut('d');
  group.tick(3 * ELECTION_TICKS);
  t.equal(group.at('a').change({ promote: ['d'] }), 'LEARNER_BEHIND');
  group.heal();
  group.tick(2);
  t.equal(group.at('a').change({ promote: ['d'] }), 'ok');
});

t.test('a change that leaves too few live voters is refused', async (t) => {
  const group = led(5, { f: {} });
  const leader = group.at('a');
  group.cut('d', 'e');
  group.tick(3 * ELECTION_TICKS);
  t.equal(leader.change({ remove: ['b'] }), 'QUORUM_AT_RISK', 'two live of four');
  t.equal(leader.change({ promote: ['f'], remove: ['d'] }), 'ok', 'a dead one is replaced');
  group.deliver();
  t.same(leader.status.configuration.voters, ['a', 'b', 'c', 'e', 'f']);
  t.equal(leader.change({ remove: ['e'] }), 'ok', 'a dead one leaves');
});

t.test('[C96] a joint configuration is left once, by whoever leads then', async (t) => {
  const group = led();
  group.passes = ({ kind, to }) => kind !== 'append' || to === 'b';
  t.equal(group.at('a').change({ promote: ['d'] }), 'ok');
  group.deliver();
  t.same(configurationsOf(group.at('b')).at(-1), 'abcd/abc/!');
  group.heal();
  group.cut('a');
  group.elect('b');
  group.tick(2);
  t.same(configurationsOf(group.at('b')), ['abc//d', 'abcd/abc/', 'abcd//']);
  group.heal();
  group.tick(2);
  for (const id of ['a', 'b', 'c', 'd']) {
    t.same(configurationsOf(group.at(id)).slice(-2), ['abcd/abc/', 'abcd//'], id);
  }
});

t.test('[C96] the cap on what is not committed does not keep a leader from leaving', async (t) => {
  const group = led(3, { d: {}, a: { limits: { uncommittedBytesMax: 100 } } });
  const leader = group.at('a');
  t.equal(leader.change({ promote: ['d'] }), 'ok');
  leader.propose({ command: new Uint8Array(500) });
  t.match(leader.propose(), { code: 'BUSY' });
  group.passes = ({ kind, from }) => kind !== 'appendAccepted' || from !== 'c';
  group.deliver();
  t.equal(configurationsOf(leader).at(-1), 'abcd//');
});

t.test('[C95] while joint, the old voters and the new ones must each agree', async (t) => {
  const joint = { voters: ['a', 'd', 'e'], outgoing: ['a', 'b', 'c'], learners: [] };
  const winners: readonly (readonly string[])[] = [
    ['b', 'd'],
    ['c', 'e'],
  ];
  for (const voters of winners) {
    const node = new Node({ configuration: joint }).campaign();
    const [old, fresh] = voters;
    t.equal(node.take('preVoteRequest').length, 4);
    node.step('preVoteReply', { from: old!, term: 1, granted: true });
    t.equal(node.status.role, 'preCandidate', 'only the old ones agree');
    node.step('preVoteReply', { from: fresh!, term: 1, granted: true });
    t.equal(node.status.role, 'candidate');
    node.step('voteReply', { from: fresh!, term: 1, granted: true });
    t.equal(node.status.role, 'candidate', 'only the new ones agree');
    node.step('voteReply', { from: old!, term: 1, granted: true });
    t.equal(node.status.role, 'leader');
    node.step('appendAccepted', { from: old!, term: 1, matchIndex: 1 });
    t.equal(node.status.commit, 0);
    node.step('appendAccepted', { from: fresh!, term: 1, matchIndex: 1 });
    t.equal(node.status.commit, 1);
  }
  const lost = new Node({ configuration: joint }).campaign();
  lost.step('preVoteReply', { from: 'b', term: 0, granted: false });
  lost.step('preVoteReply', { from: 'c', term: 0, granted: false });
  t.equal(lost.status.role, 'follower', 'one half refused');
});

t.test('[C93] a voter that becomes a learner votes until the joint one is left', async (t) => {
  const group = led(4, {});
  const leader = group.at('a');
  group.cut('c', 'd');
  t.equal(leader.change({ demote: ['d'] }), 'ok');
  t.match(leader.status.configuration, { outgoing: ['a', 'b', 'c', 'd'], learners: ['d'] });
  const before = leader.status.followers.find(({ node }) => node === 'd');
  t.equal(before?.state, 'replicate', 'its progress is kept');
  group.deliver();
  t.same(configurationsOf(leader).at(-1), 'abc/abcd/d!', 'a and b are half of the old ones');
  group.cut('c');
  group.tick(2);
  t.same(configurationsOf(leader).at(-1), 'abc//d', 'd has made them three');
  group.cut('b', 'c');
  leader.propose();
  group.deliver();
  t.ok(leader.status.commit < leader.status.lastIndex, 'and counts no more');
});

t.test('[C98] a leader that is removed does not count itself, and steps down', async (t) => {
  const group = led(3, {});
  const leader = group.at('a');
  t.equal(leader.change({ remove: ['a'] }), 'ok');
  group.passes = ({ kind, to }) => kind !== 'append' || to !== 'c';
  group.deliver();
  t.same(configurationsOf(leader), ['bc/abc/!'], 'a and b are no majority of b and c');
  group.heal();
  group.tick();
  t.match(leader.events.at(-2), { kind: 'roleChanged', to: 'follower', reason: 'removed' });
  t.same(configurationsOf(group.at('b')).at(-1), 'bc//');
  t.same(group.leaders.length, 1, 'another one was told to lead');
  t.not(group.leaders[0], 'a');
});

t.test('[C99] a removed node does not campaign, and does not when told to', async (t) => {
  const group = led(3, {});
  t.equal(group.at('a').change({ remove: ['c'] }), 'ok');
  group.deliver().tick(2);
  const removed = group.at('c');
  t.same(configurationsOf(removed).at(-1), 'ab//', 'it was told');
  const { term } = removed.status;
  removed.tick(5 * ELECTION_TICKS);
  t.same(removed.take('preVoteRequest'), []);
  removed.step('timeoutNow', { from: 'a', term });
  t.match(removed.status, { role: 'follower', term });
  t.same(
    group.at('a').status.followers.map(({ node }) => node),
    ['b'],
  );
});

t.test('a removed node that was told nothing disturbs nobody', async (t) => {
  const group = led(3, {});
  group.cut('c');
  t.equal(group.at('a').change({ remove: ['c'] }), 'ok');
  group.deliver().tick(3 * ELECTION_TICKS);
  group.heal();
  const { term } = group.at('a').status;
  for (let round = 0; round < 10; round += 1) group.tick(ELECTION_TICKS);
  t.match(group.at('a').status, { role: 'leader', term });
  t.match(group.at('c').status, { term });
});

t.test('[C100] [C68] a learner has the log, counts nowhere and never campaigns', async (t) => {
  const group = led(1);
  const leader = group.at('a');
  group.cut('d');
  t.match(leader.propose(), { ok: true });
  group.deliver();
  t.equal(leader.status.commit, leader.status.lastIndex, 'the learner is not waited for');
  group.heal();
  group.tick(2);
  const learner = group.at('d');
  t.equal(learner.status.lastIndex, leader.status.lastIndex, 'it catches up without new writes');
  t.equal(learner.applied.at(-1)?.index, leader.status.commit);
  learner.sent.length = 0;
  learner.tick(5 * ELECTION_TICKS);
  learner.step('timeoutNow', { from: 'a', term: learner.status.term });
  t.same(learner.take('preVoteRequest'), []);
  t.same(learner.take('voteRequest'), []);
  leader.raft.transfer('d');
  t.equal(leader.drain().status.transferTo, undefined, 'nothing is handed over to it');
  const reader = led(3);
  reader.at('d').read();
  reader.deliver();
  t.match(reader.at('d').reads, [{ read: 1 }], 'it reads through its leader');
});

t.test('[C68] who is in no configuration never campaigns', async (t) => {
  const node = new Node({ configuration: NOBODY }).tick(10 * ELECTION_TICKS);
  t.same(node.sent, []);
  t.match(node.status, { role: 'follower', term: 0 });
});

t.test('[C101] learners, and nodes that know of nobody, answer requests for votes', async (t) => {
  for (const configuration of [NOBODY, { voters: ['b', 'c'], outgoing: [], learners: ['a'] }]) {
    const node = new Node({ configuration });
    node.step('voteRequest', { from: 'x', term: 2, lastIndex: 1, lastTerm: 1 });
    t.match(node.take('voteReply'), [{ to: 'x', granted: true }]);
    t.match(node.status, { vote: 'x', term: 2 });
  }
});

t.test('votes and answers of others than voters do not count', async (t) => {
  const node = new Node({ configuration: { learners: ['d'] } }).campaign();
  node.step('preVoteReply', { from: 'd', term: 1, granted: true });
  node.step('preVoteReply', { from: 'x', term: 1, granted: true });
  t.equal(node.status.role, 'preCandidate');
});

t.test('[C102] removing a node can commit what waited', async (t) => {
  const group = led(2, {});
  const leader = group.at('a');
  group.passes = ({ kind, to }) => kind !== 'append' || to !== 'b';
  leader.propose();
  group.deliver();
  t.equal(leader.status.commit, 1);
  group.heal();
  t.equal(leader.change({ remove: ['b'] }), 'ok');
  group.passes = ({ kind, to, term }) => kind !== 'heartbeat' || to !== 'x' || term > 0;
  group.tick(2);
  t.equal(leader.status.commit, leader.status.lastIndex);
  group.cut('b');
  leader.propose();
  t.equal(leader.status.commit, leader.status.lastIndex, 'alone it commits at once');
});

t.test('[C103] adding nodes lets no leader step down at once', async (t) => {
  const group = led(1, { b: {}, c: {} });
  const leader = group.at('a');
  for (let tick = 0; tick < ELECTION_TICKS - 3; tick += 1) group.tick();
  t.equal(leader.change({ promote: ['b', 'c'] }), 'ok');
  group.cut('b', 'c');
  leader.tick(3);
  t.equal(leader.status.role, 'leader', 'they have until the end of the next window');
  leader.tick(2 * ELECTION_TICKS);
  t.equal(leader.status.role, 'follower', 'but not for ever');
});

t.test('a newcomer confirms no read that was asked for before it came', async (t) => {
  const node = new Node({
    configuration: { voters: ['a', 'b', 'c'], learners: ['d', 'e'] },
  }).lead();
  const { term } = node.status;
  for (const from of ['b', 'c', 'd', 'e']) {
    node.step('appendAccepted', { from, term, matchIndex: 1 });
  }
  node.tick();
  for (const from of ['b', 'c', 'd', 'e']) node.step('heartbeatReply', { from, term, round: 1 });
  t.equal(node.change({ promote: ['d', 'e'] }), 'ok');
  node.read();
  const round = node.take('heartbeat').at(-1)?.round ?? 0;
  node.step('heartbeatReply', { from: 'd', term, round });
  node.step('heartbeatReply', { from: 'e', term, round });
  t.same(node.reads, [], 'three of the five new voters, and one of the three old ones');
  node.step('heartbeatReply', { from: 'b', term, round });
  t.match(node.reads, [{ read: 1 }]);
});

t.test('[C104] a new node is found, and given a snapshot although the log is whole', async (t) => {
  const group = new Group(3, { d: {} });
  group.elect('a').tick();
  t.equal(group.at('a').change({ addLearners: ['d'] }), 'ok');
  group.deliver().tick();
  t.same(group.at('a').snapshotsFor, ['d']);
  group.sendsSnapshots = true;
  group.tick(2);
  const { configuration, firstIndex, lastIndex } = group.at('d').status;
  t.same(configuration, { voters: ['a', 'b', 'c'], outgoing: [], learners: ['d'] });
  t.ok(firstIndex > 1);
  t.equal(lastIndex, group.at('a').status.lastIndex);
});

t.test('[C82] a snapshot says who takes part, whatever the log said', async (t) => {
  const [a, b] = ['a', 'b'];
  const entry = commandEntry({ index: 9, term: 2 }, 1);
  const asLearner = { voters: [b, 'c'], outgoing: [], learners: [a] };
  const node = new Node({ autoPersist: false });
  node.step('snapshot', { from: b, term: 3, base: baseAt(entry, asLearner) });
  t.same(node.status.configuration, asLearner);
  node.persist();
  node.tick(3 * ELECTION_TICKS);
  t.equal(node.status.role, 'follower', 'it became a learner');
  const asVoter = { voters: [a, b], outgoing: [], learners: [] };
  const later = commandEntry({ index: 20, term: 3 }, 1);
  node.step('snapshot', { from: b, term: 3, base: baseAt(later, asVoter) });
  node.persist();
  node.campaign();
  t.equal(node.status.role, 'preCandidate', 'and a voter again');
});

t.test('a configuration goes with its entry when that is cut off', async (t) => {
  const group = led();
  group.cut('a');
  t.equal(group.at('a').change({ promote: ['d'] }), 'ok');
  t.match(group.at('a').status.configuration, { voters: ['a', 'b', 'c', 'd'] });
  group.elect('b');
  group.heal();
  group.tick(2);
  t.match(group.at('a').status, { role: 'follower', leader: 'b' });
  t.same(group.at('a').status.configuration, group.at('b').status.configuration);
  t.match(group.at('a').status.configuration, { voters: ['a', 'b', 'c'], learners: ['d'] });
  const compacted = new Node({ log: [1, 1, 1], hardState: { commit: 3 }, applied: 0 });
  t.same(compacted.status.configurationIndex, 0);
});

t.test('who alone has the change that removes it may still lead to it', async (t) => {
  const group = led(2, {});
  t.equal(group.at('a').change({ remove: ['a'] }), 'ok');
  group.passes = ({ kind, to }) =>
    kind !== 'append' || to !== 'b' || group.at('a').status.commit < 2;
  group.deliver();
  t.same(configurationsOf(group.at('a')), ['b/ab/', 'b//!']);
  t.same(configurationsOf(group.at('b')), ['b/ab/!']);
  group.heal();
  group.cut('a');
  group.tick(3 * ELECTION_TICKS);
  t.same(group.leaders, [], 'b alone cannot, for the joint configuration needs a');
  group.heal();
  for (let round = 0; round < 10 && group.leaders[0] !== 'b'; round += 1)
    group.tick(ELECTION_TICKS);
  t.same(group.leaders, ['b']);
  t.same(configurationsOf(group.at('b')), ['b/ab/', 'b//']);
  t.equal(group.at('b').change({ addLearners: ['x'] }), 'ok');
});
