import t from 'tap';
import { chainChecksum } from '../../testing/index.ts';
import { commandEntry, entriesOf, Group, Node, voterIds } from './bench.ts';

t.test(
  '[C30] a proposal is appended, then sent with its predecessor, and not yet committed',
  async (t) => {
    const node = new Node().lead();
    node.step('appendAccepted', { term: 1, matchIndex: 1 });
    node.take('append');
    t.match(node.propose(), { ok: true, index: 2, term: 1 });
    t.match(node.take('append'), [
      { to: 'b', previousIndex: 1, previousTerm: 1, commit: 1, entries: [{ index: 2, term: 1 }] },
    ]);
    t.match(node.status, { commit: 1, lastIndex: 2, durableIndex: 2 });
  },
);

t.test('[C31] [C34] what commits is applied by the leader, then in order by all', async (t) => {
  const group = new Group(3);
  group.elect('a');
  for (let value = 1; value <= 3; value += 1) {
    group.at('a').propose({ command: Uint8Array.of(value) });
  }
  group.deliver();
  for (const node of group.nodes.values()) {
    const values = node.applied.map((entry) => entry.command[0]);
    t.same(values, [undefined, 1, 2, 3]);
  }
});

t.test('[C32] a commit needs a majority of durable copies, exactly', async (t) => {
  const table: readonly [number, readonly string[], boolean][] = [
    [1, [], true],
    [3, [], false],
    [3, ['b'], true],
    [3, ['b', 'c'], true],
    [5, [], false],
    [5, ['b'], false],
    [5, ['b', 'c'], true],
    [5, ['b', 'c', 'd'], true],
    [5, ['b', 'c', 'd', 'e'], true],
  ];
  for (const [voters, acknowledging, isCommitted] of table) {
    const ids = voterIds(voters);
    const node = new Node({ voters: ids });
    if (voters === 1) node.tick();
    else node.lead();
    for (const from of ids.slice(1)) node.step('appendAccepted', { from, term: 1, matchIndex: 1 });
    node.propose();
    for (const from of acknowledging) node.step('appendAccepted', { from, term: 1, matchIndex: 2 });
    t.equal(node.status.commit, isCommitted ? 2 : 1, `${acknowledging} of ${voters}`);
  }
});

t.test('the leader counts its own copy only once that is durable', async (t) => {
  const node = new Node({ autoPersist: false }).campaign();
  node.step('preVoteReply', { term: 1, granted: true }).persist();
  node.step('voteReply', { term: 1, granted: true });
  node.step('appendAccepted', { term: 1, matchIndex: 1 });
  t.equal(node.status.commit, 0);
  node.persist();
  t.equal(node.status.commit, 1);
  node.propose();
  node.step('appendAccepted', { from: 'b', term: 1, matchIndex: 2 });
  node.step('appendAccepted', { from: 'c', term: 1, matchIndex: 2 });
  t.equal(node.status.commit, 2, 'others may be a majority without it');
  t.equal(node.applied.length, 1, 'but it applies only what it has');
});

t.test('[C33] committing an entry commits all before it, of earlier terms too', async (t) => {
  for (const log of [[], [2], [1, 2], [1]]) {
    const group = new Group(3, { a: { log, hardState: { term: 2 } } });
    group.elect('a');
    t.equal(group.at('a').status.commit, log.length + 1);
    t.equal(group.at('a').applied.length, log.length + 1);
  }
});

t.test(
  '[C35] a follower refuses an append whose predecessor it lacks, and says where',
  async (t) => {
    const table: readonly [number, number, object | undefined][] = [
      [1, 1, undefined],
      [2, 2, undefined],
      [2, 1, { rejectedIndex: 2, hintIndex: 1, hintTerm: 1 }],
      [3, 3, { rejectedIndex: 3, hintIndex: 2, hintTerm: 2 }],
      [9, 1, { rejectedIndex: 9, hintIndex: 1, hintTerm: 1 }],
    ];
    for (const [previousIndex, previousTerm, refusal] of table) {
      const node = new Node({ log: [1, 2], hardState: { term: 3 } });
      node.step('append', { term: 3, previousIndex, previousTerm, commit: 0, entries: [] });
      const title = `${previousIndex} of ${previousTerm}`;
      if (refusal === undefined) {
        t.match(node.take('appendAccepted'), [{ to: 'b', matchIndex: previousIndex }], title);
      } else {
        t.match(node.take('appendRejected'), [{ to: 'b', ...refusal }], title);
      }
    }
  },
);

t.test('[C36] a follower cuts its log only from the first conflict on', async (t) => {
  const table: readonly [readonly number[], number, readonly number[], readonly number[]][] = [
    [[1, 2], 2, [3], [1, 2, 3]],
    [[1, 2], 1, [3, 4], [1, 3, 4]],
    [[1, 2, 2, 2], 1, [2], [1, 2, 2, 2]],
    [[1, 2, 2, 2], 2, [], [1, 2, 2, 2]],
    [[1, 2, 2, 2], 0, [1, 2, 3], [1, 2, 3]],
    [[1, 1, 1], 0, [1, 1, 1, 4], [1, 1, 1, 4]],
  ];
  for (const [log, previousIndex, terms, expected] of table) {
    const node = new Node({ log, hardState: { term: 4 } });
    const previous = entriesOf(log)[previousIndex - 1];
    node.step('append', {
      term: 4,
      previousIndex,
      previousTerm: previous?.term ?? 0,
      commit: 0,
      entries: entriesOf(terms, { index: previousIndex, checksum: previous?.checksum ?? 0 }),
    });
    t.same(node.terms, expected, `${log} with ${terms} after ${previousIndex}`);
    t.match(node.take('appendAccepted'), [{ matchIndex: previousIndex + terms.length }]);
  }
});

t.test('[C37] a follower commits no further than the append covers', async (t) => {
  const log = [1, 1, 1];
  const table: readonly [number, number, number, number][] = [
    // previous index, entries, leader's commit, expected commit
    [3, 0, 2, 2],
    [1, 0, 3, 1],
    [1, 1, 3, 2],
    [0, 3, 9, 3],
    [0, 0, 3, 0],
  ];
  for (const [previousIndex, entries, commit, expected] of table) {
    const node = new Node({ log });
    const previousTerm = previousIndex === 0 ? 0 : 1;
    node.step('append', {
      term: 1,
      previousIndex,
      previousTerm,
      commit,
      entries: node.raft.entries(previousIndex + 1, previousIndex + entries),
    });
    t.equal(node.status.commit, expected, `${previousIndex} + ${entries} of ${commit}`);
  }
});

t.test('[C38] all followers of figure 7 are brought to the log of the leader', async (t) => {
  const leaders = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
  const followers = [
    [1, 1, 1, 4, 4, 5, 5, 6, 6],
    [1, 1, 1, 4],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
    [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
    [1, 1, 1, 4, 4, 4, 4],
    [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
  ];
  for (const log of followers) {
    const group = new Group(3, {
      a: { log: leaders, hardState: { term: 8 } },
      b: { log, hardState: { term: 8 } },
      c: { hardState: { term: 8 } },
    });
    group.elect('a');
    group.tick(3);
    for (const terms of group.logs) t.same(terms, [...leaders, 9]);
  }
});

t.test('[C39] entries of an earlier term do not commit by being counted (figure 8)', async (t) => {
  const node = new Node({ voters: voterIds(5), log: [1, 2], hardState: { term: 3 } }).lead();
  t.equal(node.status.term, 4);
  for (const from of ['b', 'c']) node.step('appendAccepted', { from, term: 4, matchIndex: 2 });
  t.equal(node.status.commit, 0, 'a majority has entry 2, of term 2');
  for (const from of ['b', 'c']) node.step('appendAccepted', { from, term: 4, matchIndex: 3 });
  t.equal(node.status.commit, 3, 'it rides along with one of term 4');
});

t.test('[C40] a new leader appends an empty entry, and so commits the past', async (t) => {
  const group = new Group(3, { a: { log: [1, 1] }, b: { log: [1, 1] } });
  group.elect('a');
  const [last] = group.at('a').raft.entries(3, 3);
  t.match(last, { kind: 'noop', term: 2, ruleVersion: 0, tableEpoch: 0 });
  t.equal(last?.command.length, 0);
  t.equal(group.at('a').status.commit, 3);
});

t.test('[C41] a node that does not lead refuses a proposal and names the leader', async (t) => {
  const group = new Group(3);
  t.same(group.at('b').propose(), { ok: false, code: 'NOT_LEADER', leader: undefined });
  group.elect('a');
  t.same(group.at('b').propose(), { ok: false, code: 'NOT_LEADER', leader: 'a' });
  t.same(group.at('b').terms, [1]);
});

t.test('[C42] a heartbeat carries no commit beyond what its receiver has', async (t) => {
  const group = new Group(3);
  group.elect('a');
  group.cut('c');
  group.at('a').propose();
  group.deliver();
  group.at('a').tick();
  t.match(group.at('a').take('heartbeat'), [
    { to: 'b', commit: 2 },
    { to: 'c', commit: 1 },
  ]);
  const lacking = new Node();
  lacking.step('heartbeat', { term: 1, commit: 5, round: 1 });
  t.equal(lacking.status.commit, 0);
  t.match(lacking.events.at(-1), { kind: 'messageRefused', reason: 'lostAcknowledged' });
  t.same(lacking.take('heartbeatReply'), [], 'and its word counts for nothing');
});

t.test('a follower that lost what it acknowledged is not asked in a loop', async (t) => {
  const leader = new Node().lead();
  for (let value = 0; value < 4; value += 1) leader.propose();
  leader.step('appendAccepted', { term: 1, matchIndex: 4 });
  leader.raft.unreachable('b');
  leader.drain();
  t.match(leader.take('append').at(-1), { to: 'b', previousIndex: 4 });
  const refusal = { term: 1, rejectedIndex: 4, hintIndex: 2, hintTerm: 1 };
  for (let answers = 0; answers < 3; answers += 1) leader.step('appendRejected', refusal);
  t.same(leader.take('append'), [], 'no probe before the next heartbeat was answered');
  t.match(leader.status.followers[0], { matchIndex: 4, nextIndex: 5 });
});

t.test('[C43] the answer to a heartbeat brings lost appends again', async (t) => {
  const group = new Group(3);
  group.elect('a');
  group.passes = ({ kind, to }) => kind !== 'append' || to !== 'c';
  group.at('a').propose();
  group.deliver();
  t.same(group.at('c').terms, [1]);
  group.heal();
  group.tick(2);
  t.same(group.at('c').terms, [1, 1]);
  group.at('a').raft.unreachable('c');
  group.tick(2);
  const follower = group.at('a').status.followers.find(({ node }) => node === 'c');
  t.match(follower, { state: 'replicate', matchIndex: 2, nextIndex: 3 });
});

t.test('[C44] back-off skips whole terms on both sides', async (t) => {
  const shared = [1, 1];
  const group = new Group(3, {
    a: { log: [...shared, ...new Array<number>(50).fill(3)], hardState: { term: 5 } },
    b: { log: [...shared, ...new Array<number>(80).fill(2)], hardState: { term: 5 } },
    c: { log: [...shared, ...new Array<number>(30).fill(2)], hardState: { term: 5 } },
  });
  let refusals = 0;
  group.passes = ({ kind }) => {
    if (kind === 'appendRejected') refusals += 1;
    return true;
  };
  group.at('a').campaign();
  group.deliver();
  t.same(group.at('b').terms, group.at('a').terms);
  t.same(group.at('c').terms, group.at('a').terms);
  t.ok(refusals <= 4, `${refusals}`);
});

t.test(
  '[C45] [C46] what comes out of order is refused, then filled; match never falls',
  async (t) => {
    const follower = new Node();
    const entries = entriesOf([1, 1]);
    const [first, second] = entries;
    follower.step('append', {
      term: 1,
      previousIndex: 1,
      previousTerm: 1,
      commit: 0,
      entries: second === undefined ? [] : [second],
    });
    t.match(follower.take('appendRejected'), [{ rejectedIndex: 1, hintIndex: 0 }]);
    follower.step('append', {
      term: 1,
      previousIndex: 0,
      previousTerm: 0,
      commit: 0,
      entries: first === undefined ? [] : [first],
    });
    follower.step('append', { term: 1, previousIndex: 0, previousTerm: 0, commit: 0, entries });
    t.same(follower.terms, [1, 1]);

    const leader = new Node().lead();
    for (let value = 0; value < 4; value += 1) leader.propose();
    leader.step('appendAccepted', { term: 1, matchIndex: 4 });
    const refusal = { term: 1, rejectedIndex: 2, hintIndex: 0, hintTerm: 0 };
    leader.step('appendRejected', refusal);
    leader.step('appendAccepted', { term: 1, matchIndex: 2 });
    const [b] = leader.status.followers;
    t.match(b, { node: 'b', matchIndex: 4, state: 'replicate' });
    t.ok((b?.nextIndex ?? 0) > 4);
    leader.step('appendAccepted', { term: 1, matchIndex: 99 });
    t.match(leader.status.followers[0], { matchIndex: 4 });
    t.match(leader.events.at(-1), { kind: 'messageRefused', reason: 'impossibleIndex' });
    // While it probes from there, a refusal of long ago may name just the place that it asks about.
    leader.raft.unreachable('b');
    leader.step('appendRejected', { ...refusal, rejectedIndex: 4 });
    t.match(leader.status.followers[0], { matchIndex: 4, nextIndex: 5, state: 'probe' });
  },
);

t.test('[C47] a follower that has all gets nothing more than the commit index', async (t) => {
  const group = new Group(3);
  group.elect('a');
  group.at('a').propose();
  group.deliver();
  const seen: string[] = [];
  group.passes = ({ kind }) => {
    seen.push(kind);
    return true;
  };
  group.tick(5);
  t.same(new Set(seen), new Set(['heartbeat', 'heartbeatReply']));
});

t.test(
  'a follower refuses entries that break the checksum chain, and does not answer',
  async (t) => {
    const entries = entriesOf([1, 1]);
    const append = { term: 1, previousIndex: 0, previousTerm: 0, commit: 0 };
    const damaged = entries.map((entry) => ({ ...entry, command: Uint8Array.of(0xff) }));
    const node = new Node();
    node.step('append', { ...append, entries: damaged });
    t.same([node.terms, node.sent], [[], []]);
    t.match(node.events.at(-1), { kind: 'messageRefused', reason: 'checksumChain' });
    node.step('append', { ...append, entries });
    t.match(node.take('appendAccepted'), [{ matchIndex: 2 }]);
    const other = commandEntry({ index: 1, term: 1, command: Uint8Array.of(9) }, 0);
    node.step('append', { ...append, entries: [other] });
    t.same(node.sent, [], 'an intact entry of this term and index, but another one');
    t.match(node.events.at(-1), { kind: 'messageRefused', reason: 'checksumChain' });
  },
);

t.test('a follower refuses entries that do not follow each other', async (t) => {
  const append = { term: 3, previousIndex: 1, previousTerm: 2, commit: 0 };
  const base = entriesOf([2])[0]?.checksum ?? 0;
  const wrong = [
    commandEntry({ index: 3, term: 3 }, base),
    commandEntry({ index: 2, term: 1 }, base),
    commandEntry({ index: 2, term: 4 }, base),
    commandEntry({ index: 2, term: 3, group: 2 }, base),
    commandEntry({ index: 2, term: 3, entryTimeMs: -1 }, base),
  ];
  for (const entry of wrong) {
    const node = new Node({ log: [2], hardState: { term: 3 } });
    node.step('append', { ...append, entries: [entry] });
    t.same([node.terms, node.sent], [[2], []]);
    t.match(node.events.at(-1), { kind: 'messageRefused', reason: 'malformedEntries' });
  }
});

t.test('a follower never gives up what it knows to be committed', async (t) => {
  const node = new Node({ log: [1, 1], hardState: { commit: 2 } });
  const [first] = entriesOf([1]);
  const rival = entriesOf([2], { index: 1, checksum: first?.checksum ?? 0 });
  node.step('append', { term: 2, previousIndex: 1, previousTerm: 1, commit: 0, entries: rival });
  t.same(node.terms, [1, 1]);
  t.match(node.take('appendAccepted'), [{ matchIndex: 2 }], 'it says how far it agrees');
});

t.test('times in a log never fall, whatever the clock of the leader says', async (t) => {
  const node = new Node({ voters: ['a'] }).tick();
  for (const entryTimeMs of [100, 50, 120]) node.propose({ entryTimeMs });
  const times = node.applied.map((entry) => entry.entryTimeMs);
  t.same(times, [0, 100, 100, 120]);
  const [last] = node.raft.entries(4, 4);
  const before = node.raft.entries(3, 3)[0]?.checksum ?? 0;
  t.equal(last?.checksum, last && chainChecksum(before, last));
});
