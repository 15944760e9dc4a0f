import t from 'tap';
import { ElectionTimeout } from '../../src/core/election-timeout.ts';
import type { Role } from '../../src/core/types.ts';
import { ELECTION_TICKS, entriesOf, Group, Node, voterIds } from './bench.ts';

const ROLES: readonly Role[] = ['follower', 'preCandidate', 'candidate', 'leader'];

function inRole(role: Role): Node {
  const node = new Node({ hardState: { term: 3 } });
  if (role === 'leader') return node.lead();
  if (role === 'follower') return node;
  node.campaign();
  if (role === 'candidate') node.step('preVoteReply', { term: 4, granted: true });
  t.equal(node.status.role, role);
  return node;
}

t.test('[C01] any role that hears an append of a higher term adopts it and follows', async (t) => {
  for (const role of ROLES) {
    const node = inRole(role);
    const append = { previousIndex: 0, previousTerm: 0, commit: 0, entries: [] };
    node.step('append', { term: 9, ...append });
    t.match(node.status, { role: 'follower', term: 9, leader: 'b' }, role);
  }
});

t.test(
  '[C02] a message of a lower term changes nothing, and its sender is told ours',
  async (t) => {
    const node = new Node({ hardState: { term: 5 } });
    const before = node.status;
    const append = { previousIndex: 0, previousTerm: 0, commit: 1, entries: entriesOf([4]) };
    node.step('append', { term: 4, ...append });
    t.match(node.take('appendRejected'), [{ to: 'b', term: 5 }]);
    node.step('heartbeat', { term: 4, commit: 0, round: 7 });
    t.match(node.take('heartbeatReply'), [{ to: 'b', term: 5 }]);
    node.step('voteRequest', { term: 4, lastIndex: 9, lastTerm: 4 });
    t.match(node.take('voteReply'), [{ to: 'b', term: 5, granted: false }]);
    node.step('preVoteRequest', { term: 4, lastIndex: 9, lastTerm: 4 });
    t.match(node.take('preVoteReply'), [{ to: 'b', term: 5, granted: false }]);
    node.step('voteReply', { term: 4, granted: true });
    node.step('appendAccepted', { term: 4, matchIndex: 1 });
    t.same(node.status, before);
    t.same(node.sent, []);
  },
);

t.test('[C03] a node starts as a follower, even if it led before', async (t) => {
  const node = new Node({ hardState: { term: 3, vote: 'a' }, log: [1, 3] });
  t.match(node.status, { role: 'follower', term: 3, leader: undefined, lastIndex: 2 });
});

t.test('[C04] a leader sends heartbeats to all others and not to itself', async (t) => {
  const node = new Node().lead();
  node.take('append');
  node.tick();
  t.same(
    node.take('heartbeat').map((message) => message.to),
    ['b', 'c'],
  );
});

t.test(
  '[C05] [C12] after silence a node asks all voters with its last index and term',
  async (t) => {
    const node = new Node({ log: [1, 2], hardState: { term: 4 } });
    node.campaign();
    t.equal(node.status.term, 4, 'a pre-vote raises no term');
    const asked = { term: 5, lastIndex: 2, lastTerm: 2 };
    t.match(node.take('preVoteRequest'), [
      { to: 'b', ...asked },
      { to: 'c', ...asked },
    ]);
    node.step('preVoteReply', { term: 5, granted: true });
    t.match(node.status, { role: 'candidate', term: 5, vote: 'a' });
    t.match(node.take('voteRequest'), [
      { to: 'b', ...asked },
      { to: 'c', ...asked },
    ]);
  },
);

t.test('[C06] a candidate that times out starts again, in a yet higher term', async (t) => {
  const node = inRole('candidate');
  node.tick(2 * ELECTION_TICKS);
  t.match(node.status, { role: 'preCandidate', term: 4 });
  node.step('preVoteReply', { term: 5, granted: true });
  t.match(node.status, { role: 'candidate', term: 5 });
});

t.test('[C07] an election ends as its votes say', async (t) => {
  const table: readonly [number, readonly boolean[], Role][] = [
    [1, [], 'leader'],
    [3, [true, true], 'leader'],
    [3, [true], 'leader'],
    [3, [false, true], 'leader'],
    [3, [false, false], 'follower'],
    [3, [false], 'candidate'],
    [3, [], 'candidate'],
    [5, [true, true, true, true], 'leader'],
    [5, [true, true], 'leader'],
    [5, [true, false, false, true], 'leader'],
    [5, [false, false, false], 'follower'],
    [5, [true, false], 'candidate'],
    [5, [], 'candidate'],
  ];
  for (const [voters, votes, role] of table) {
    const ids = voterIds(voters);
    const node = new Node({ voters: ids }).campaign();
    for (const from of ids.slice(1)) node.step('preVoteReply', { from, term: 1, granted: true });
    for (const [at, granted] of votes.entries()) {
      node.step('voteReply', { from: ids[at + 1] ?? '', term: 1, granted });
    }
    t.equal(node.status.role, role, `${voters} voters: ${votes}`);
    t.equal(node.status.term, 1);
  }
});

t.test('a vote counts once, however often it arrives', async (t) => {
  const node = new Node({ voters: voterIds(5) }).campaign();
  for (const from of ['b', 'c']) node.step('preVoteReply', { from, term: 1, granted: true });
  for (let time = 0; time < 3; time += 1) node.step('voteReply', { term: 1, granted: true });
  t.equal(node.status.role, 'candidate');
});

t.test('[C08] one vote in a term: again to the same candidate, never to another', async (t) => {
  const node = new Node();
  const request = { term: 2, lastIndex: 0, lastTerm: 0 };
  for (const [from, granted] of [
    ['b', true],
    ['b', true],
    ['c', false],
  ] as const) {
    node.step('voteRequest', { from, ...request });
    t.match(node.take('voteReply'), [{ to: from, term: 2, granted }]);
  }
  const again = node.restarted({ hardState: { term: 2, vote: 'b', commit: 0 } });
  again.step({ kind: 'voteRequest', group: 1, from: 'c', to: 'a', isTransfer: false, ...request });
  t.match(again.ready()?.sendNow, [{ to: 'c', granted: false }], 'nor after a restart');
});

t.test('[C09] a candidate falls back on an append of its term or a higher one', async (t) => {
  for (const term of [4, 6]) {
    const node = inRole('candidate');
    node.step('append', { term, previousIndex: 0, previousTerm: 0, commit: 0, entries: [] });
    t.match(node.status, { role: 'follower', term, leader: 'b' });
  }
});

t.test('[C10] every timeout in [T, 2T) occurs, and no other', async (t) => {
  const timeouts = new ElectionTimeout(ELECTION_TICKS, 42);
  const seen = new Set(Array.from({ length: 500 }, () => timeouts.draw()));
  const expected = Array.from({ length: ELECTION_TICKS }, (_, at) => ELECTION_TICKS + at);
  t.same(
    [...seen].sort((x, y) => x - y),
    expected,
  );
});

t.test('[C11] five nodes time out together in less than 30 % of the rounds', async (t) => {
  const nodes = [1, 2, 3, 4, 5].map((seed) => new ElectionTimeout(ELECTION_TICKS, seed));
  let ties = 0;
  for (let round = 0; round < 1000; round += 1) {
    const drawn = nodes.map((timeouts) => timeouts.draw()).sort((x, y) => x - y);
    if (drawn[0] === drawn[1]) ties += 1;
  }
  t.ok(ties < 300, `${ties}`);
});

t.test(
  '[C13] a voter refuses a candidate whose log is older: term first, then length',
  async (t) => {
    const table: readonly [readonly number[], number, number, boolean][] = [
      [[1], 1, 1, true],
      [[1], 2, 1, true],
      [[1, 1], 1, 1, false],
      [[1], 1, 2, true],
      [[1, 1], 1, 2, true],
      [[2], 2, 1, false],
      [[2], 1, 1, false],
      [[1, 2], 9, 1, false],
    ];
    for (const [log, lastIndex, lastTerm, granted] of table) {
      const title = `${log} against ${lastIndex} of ${lastTerm}`;
      const voter = new Node({ log });
      voter.step('preVoteRequest', { term: 3, lastIndex, lastTerm });
      t.match(voter.take('preVoteReply'), [{ granted }], title);
      voter.step('voteRequest', { term: 3, lastIndex, lastTerm });
      t.match(voter.take('voteReply'), [{ granted, term: 3 }], title);
    }
  },
);

t.test('[C14] each node in turn can be elected, over what others have led before', async (t) => {
  const group = new Group(3);
  for (const id of ['a', 'b', 'c', 'a', 'b']) {
    group.elect(id);
    t.same(group.leaders, [id]);
    group.at(id).propose();
    group.tick(2);
  }
  t.equal(new Set(group.logs.map(String)).size, 1);
});

t.test('[C15] a leader without uncommitted entries of a higher term overwrites them', async (t) => {
  // e led in term 2 and reached nobody; a majority does not know of that.
  const group = new Group(5, {
    a: { log: [1], hardState: { term: 2 } },
    b: { log: [1], hardState: { term: 2 } },
    c: { log: [1], hardState: { term: 2 } },
    d: { log: [1, 2], hardState: { term: 2 } },
    e: { log: [1, 2], hardState: { term: 2 } },
  });
  group.elect('a');
  t.same(group.leaders, ['a']);
  group.tick(3);
  for (const log of group.logs) t.same(log, [1, 3]);
});

t.test('[C16] a valid vote or pre-vote of a higher term is granted from any role', async (t) => {
  for (const role of ROLES) {
    const node = inRole(role);
    const log = { lastIndex: 9, lastTerm: 9 };
    const { term } = node.status;
    if (role === 'leader') {
      node.step('voteRequest', { term: 10, ...log });
      t.match(node.status, { role, term }, 'a leader that is heard is not disturbed');
      node.tick(ELECTION_TICKS);
    }
    const before = node.status;
    node.sent.length = 0;
    node.step('preVoteRequest', { term: 10, ...log });
    t.match(node.take('preVoteReply'), [{ to: 'b', term: 10, granted: true }], role);
    t.same(node.status, before, 'a pre-vote changes nothing');
    node.step('voteRequest', { term: 10, ...log });
    t.match(node.take('voteReply'), [{ to: 'b', term: 10, granted: true }], role);
    t.match(node.status, { role: 'follower', term: 10, vote: 'b' });
  }
});

t.test('of two that campaign for the same term at once one leaves it to the other', async (t) => {
  const log = { lastIndex: 0, lastTerm: 0 };
  for (const [self, role] of [
    ['a', 'follower'],
    ['c', 'preCandidate'],
  ] as const) {
    const node = new Node({ self });
    node.campaign();
    node.step('preVoteRequest', { term: 1, ...log });
    t.match(node.take('preVoteReply'), [{ to: 'b', granted: true }]);
    t.equal(node.status.role, role, `${self} against b`);
  }
  const ahead = new Node({ self: 'a', log: [1] });
  ahead.campaign();
  ahead.step('preVoteRequest', { term: 2, ...log });
  t.match(ahead.take('preVoteReply'), [{ to: 'b', granted: false }]);
  t.equal(ahead.status.role, 'preCandidate', 'but not to one whose log lacks something');
});

t.test('[C17] [C63] a node cut off campaigns for long, and raises no term by it', async (t) => {
  const group = new Group(3);
  group.elect('a');
  group.cut('c');
  group.at('a').propose();
  group.tick(100);
  t.match(group.at('c').status, { role: 'preCandidate', term: 1 });
  group.heal();
  group.tick(20);
  t.same(group.leaders, ['a']);
  for (const node of group.nodes.values()) t.equal(node.status.term, 1);
  t.same(group.at('c').terms, [1, 1]);
});

t.test(
  '[C18] a candidate with the shorter log concedes and takes the log of the leader',
  async (t) => {
    const group = new Group(3, { b: { log: [1] }, c: { log: [1] } });
    group.at('a').campaign();
    group.deliver();
    t.same(group.leaders, []);
    t.equal(group.at('a').status.role, 'follower', 'all have refused');
    group.at('b').campaign();
    group.deliver();
    t.same(group.leaders, ['b']);
    t.same(group.at('a').terms, [1, 2]);
  },
);

t.test('[C19] a single voter elects itself at once and commits alone', async (t) => {
  const node = new Node({ voters: ['a'] }).tick();
  t.match(node.status, { role: 'leader', term: 1, commit: 1 });
  t.match(node.propose(), { ok: true, index: 2, term: 1 });
  t.same(
    node.applied.map((entry) => [entry.index, entry.kind]),
    [
      [1, 'noop'],
      [2, 'command'],
    ],
  );
  node.tick(5 * ELECTION_TICKS);
  t.match(node.status, { role: 'leader', term: 1 }, 'it needs nobody to stay');
  t.same(node.sent, []);
});

t.test('[C20] appends of past leaders, delivered late, change nothing', async (t) => {
  const group = new Group(3);
  group.elect('a').elect('b').elect('a');
  const before = group.logs;
  group.at('a').step('append', {
    term: 2,
    previousIndex: 2,
    previousTerm: 2,
    commit: 3,
    entries: entriesOf([2], { index: 2, checksum: 0 }),
  });
  t.same(group.logs, before);
  t.same(group.leaders, ['a']);
});

t.test(
  '[C21] the own vote counts only once it is durable, and not after the election',
  async (t) => {
    const node = new Node({ autoPersist: false }).campaign();
    node.step('preVoteReply', { term: 1, granted: true });
    t.same(node.take('voteRequest'), [], 'nobody is asked before');
    node.step('voteReply', { term: 1, granted: true });
    t.equal(node.status.role, 'candidate');
    node.persist();
    t.equal(node.status.role, 'leader');

    const late = new Node({ autoPersist: false }).campaign();
    late.step('preVoteReply', { term: 1, granted: true });
    late.step('heartbeat', { term: 1, commit: 0, round: 1 });
    t.equal(late.status.role, 'follower');
    late.persist();
    late.step('voteReply', { from: 'c', term: 1, granted: true });
    t.match(late.status, { role: 'follower', leader: 'b' });
  },
);

t.test('[C22] the own disk finishing after a step-down commits nothing', async (t) => {
  const silent = new Node({ autoPersist: false }).campaign();
  silent.step('preVoteReply', { term: 1, granted: true }).persist();
  silent.step('voteReply', { term: 1, granted: true });
  silent.step('heartbeatReply', { term: 7, round: 0 });
  t.match(silent.status, { role: 'follower', term: 7 });
  silent.persist();
  t.equal(silent.status.commit, 0);
});

t.test('[C23] [C24] roles change only along the paths of Raft, each with its reason', async (t) => {
  const node = new Node().lead();
  node.tick(3 * ELECTION_TICKS);
  const roles = node.events.filter((event) => event.kind === 'roleChanged');
  t.match(roles, [
    { from: 'follower', to: 'preCandidate', term: 0, reason: 'electionTimeout' },
    { from: 'preCandidate', to: 'candidate', term: 1, reason: 'preVoteWon' },
    { from: 'candidate', to: 'leader', term: 1, reason: 'electionWon' },
    { from: 'leader', to: 'follower', term: 1, reason: 'quorumLost' },
    { from: 'follower', to: 'preCandidate', term: 1, reason: 'electionTimeout' },
  ]);
  const leaders = node.events.filter((event) => event.kind === 'leaderChanged');
  t.match(leaders, [{ leader: 'a' }, { leader: undefined }]);
});

t.test('a follower that may not campaign yet does so at the next tick that lets it', async (t) => {
  const node = new Node();
  for (let tick = 0; tick < 100; tick += 1) node.raft.tick(false);
  t.equal(node.raft.role, 'follower');
  t.notOk(node.raft.hasOutput, 'and asks for nothing');
  node.raft.tick();
  t.equal(node.raft.role, 'preCandidate');
  t.ok(node.raft.hasOutput);
  for (let tick = 0; tick < 100; tick += 1) node.raft.tick(false);
  node.drain();
  t.equal(node.take('preVoteRequest').length, 2, 'nor does a candidate begin anew');
});

t.test(
  'a follower whose leader is gone with its connection asks within what is left',
  async (t) => {
    const leader = { from: 'b', term: 1, commit: 0 } as const;
    const ask = { from: 'c', term: 2, lastIndex: 0, lastTerm: 0 } as const;
    const node = new Node().step('heartbeat', { ...leader, round: 1 });
    node.raft.connectionLost('c');
    node.step('preVoteRequest', ask);
    t.same(node.take('preVoteReply'), [], 'another one is not the leader');
    node.raft.connectionLost('b');
    node.drain();
    t.equal(node.status.leader, 'b', 'it is doubted, not forgotten');
    node.step('preVoteRequest', ask);
    t.match(node.take('preVoteReply'), [{ to: 'c', granted: true }]);
    node.step('heartbeat', { ...leader, round: 2 }).step('preVoteRequest', ask);
    t.same(node.take('preVoteReply'), [], 'its word ends the doubt');
    node.raft.connectionLost('b');
    let ticks = 0;
    for (; node.status.role === 'follower'; ticks += 1) node.tick();
    t.ok(ticks <= ELECTION_TICKS, `${ticks} ticks`);
    t.equal(node.take('preVoteRequest').length, 2);
  },
);

t.test(
  'messages of other groups and other nodes are ignored, and answers of strangers',
  async (t) => {
    const node = new Node();
    const request = { term: 5, lastIndex: 9, lastTerm: 9 } as const;
    node.step('heartbeatReply', { from: 'x', term: 5, round: 1 });
    node.step('readRequest', { from: 'x', term: 5, boot: 1, read: 1 });
    node.step('voteRequest', { from: 'a', ...request });
    node.step('voteRequest', { group: 2, ...request });
    node.raft.step({
      kind: 'voteRequest',
      group: 1,
      from: 'b',
      to: 'c',
      isTransfer: false,
      ...request,
    });
    node.drain();
    t.match(node.status, { term: 0, vote: undefined });
    t.same(node.sent, []);
  },
);

t.test('candidates that split the votes try again within one shortest timeout', async (t) => {
  const node = new Node();
  node.campaign().step('preVoteReply', { term: 1, granted: true });
  t.equal(node.status.role, 'candidate');
  for (const from of ['b', 'c']) node.step('voteReply', { from, term: 1, granted: false });
  t.equal(node.status.role, 'follower');
  let ticks = 0;
  for (; node.status.role === 'follower'; ticks += 1) node.tick();
  t.ok(ticks <= ELECTION_TICKS, `${ticks} ticks`);
});
