import { systemAfter } from '@rockpool/storage';
import t from 'tap';
import type { PeerMessage } from '../src/core/messages.ts';
import { createRaft } from '../src/core/raft.ts';
import { type AppliedEntry, applyCommands } from '../src/driver/apply-commands.ts';
import { SYSTEM_CLOCK } from '../src/driver/clock.ts';
import { ClockGuard } from '../src/driver/clock-guard.ts';
import { Driver } from '../src/driver/driver.ts';
import { ForwardedProposals } from '../src/driver/forwarded-proposals.ts';
import { GroupMember } from '../src/driver/group-member.ts';
import { type LeaderView, Submissions } from '../src/driver/submissions.ts';
import { decodeCommand } from '../src/format/command.ts';
import type { SlotRange } from '../src/format/group-records.ts';
import { chainChecksum } from '../src/format/log-entry.ts';
import { FRAME_KIND } from '../src/format/peer-frame.ts';
import {
  decodeRaftBundle,
  encodeRaftBundles,
  type ForwardedProposal,
} from '../src/format/peer-payload.ts';
import { encodeNodeMoved, MetaState } from '../src/meta/meta-state.ts';
import { firstRows } from '../src/node/init-cluster.ts';
import { LogStore } from '../src/store/log-store.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { createStore } from '../testing/log-store-suite.ts';
import { MemoryDisk } from '../testing/memory-store.ts';

const SELF = 'self';
const PEER = 'peer';
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

/** A submitter whose leader, connection and log are in the test's hands. */
function submitter() {
  const state = {
    view: { term: 1, leader: PEER } as LeaderView,
    up: true,
    forwarded: [] as ForwardedProposal[],
    proposed: [] as ForwardedProposal[],
    answer: 'appended' as 'appended' | 'notLeader' | 'busy',
  };
  const submissions = new Submissions({
    self: SELF,
    clientId: new Uint8Array(16).fill(7),
    ruleVersion: 1,
    tableEpoch: 1,
    after: systemAfter,
    view: () => state.view,
    propose: (proposal) => {
      state.proposed.push(proposal);
      return state.answer;
    },
    forward: (_, proposal) => {
      if (state.up) state.forwarded.push(proposal);
      return state.up;
    },
  });
  return { state, submissions };
}

function applied(proposal: ForwardedProposal, index = 1): AppliedEntry {
  const { group, term, ruleVersion, tableEpoch, command } = proposal;
  const entry = { group, index, term, ruleVersion, tableEpoch, command, checksum: 0 };
  return {
    entry: { ...entry, kind: 'command', entryTimeMs: 5 },
    command: decodeCommand(command),
    outcome: { kind: 'applied', reply: bytes('ok') },
    events: [],
  };
}

function noop(term: number): AppliedEntry {
  const command = new Uint8Array(0);
  const entry = { group: 1, index: 1, term, ruleVersion: 0, tableEpoch: 0, command, checksum: 0 };
  return {
    entry: { ...entry, kind: 'noop', entryTimeMs: 5 },
    command: undefined,
    outcome: { kind: 'applied', reply: command },
    events: [],
  };
}

t.test(
  'a submission resolves when this node applies it, not when the leader answers',
  async (t) => {
    const { state, submissions } = submitter();
    const submitted = submissions.submit(1, 3, bytes('x'), 5_000);
    const [sent] = state.forwarded;
    submissions.replied(PEER, { request: sent!.request, term: 1, answer: 'appended' });
    submissions.applied(applied(sent!, 42));
    t.match(await submitted, { index: 42, entryTimeMs: 5, reply: bytes('ok') });
  },
);

t.test('[PEER-5] it is sent again only where it cannot end in the log twice', async (t) => {
  const { state, submissions } = submitter();
  const submitted = submissions.submit(1, 3, bytes('x'), 5_000);
  t.equal(state.forwarded.length, 1);
  submissions.retry();
  t.equal(state.forwarded.length, 1, 'nothing is repeated while the leader may be at it');
  submissions.disconnected(PEER);
  submissions.retry();
  t.equal(state.forwarded.length, 2, 'to the same leader in the same term: it knows it already');
  submissions.disconnected(PEER);
  state.view = { term: 2, leader: SELF };
  submissions.retry();
  t.equal(state.proposed.length, 0, 'never in a later term before the earlier one is settled');
  submissions.replied(PEER, { request: state.forwarded[0]!.request, term: 1, answer: 'notLeader' });
  submissions.retry();
  t.equal(state.proposed.length, 0, 'nor after a refusal of one of two sends');
  submissions.applied(noop(2));
  t.equal(state.proposed.length, 1, 'the noop of term 2 proves that term 1 lost it');
  t.equal(state.proposed[0]!.term, 2);
  submissions.applied(applied(state.proposed[0]!));
  t.match(await submitted, { index: 1 });
});

t.test('[PEER-6] a plain refusal is followed by another attempt at once', async (t) => {
  const { state, submissions } = submitter();
  const submitted = submissions.submit(1, 3, bytes('x'), 5_000);
  const { request } = state.forwarded[0]!;
  submissions.replied(PEER, { request, term: 9, answer: 'notLeader' });
  submissions.retry();
  t.equal(state.forwarded.length, 1, 'an answer of another term does not count');
  submissions.replied(PEER, { request, term: 1, answer: 'notLeader' });
  state.view = { term: 2, leader: SELF };
  submissions.retry();
  t.equal(state.proposed.length, 1);
  submissions.applied(applied(state.proposed[0]!));
  await submitted;
});

t.test(
  'what was certainly not appended fails by another code than what may have been',
  async (t) => {
    const { state, submissions } = submitter();
    await t.rejects(submissions.submit(1, 3, bytes('x'), 1), { code: 'CLUSTER_TIMEOUT' });
    state.up = false;
    await t.rejects(submissions.submit(1, 3, bytes('x'), 1), { code: 'CLUSTER_NO_LEADER' });
    state.view = { term: 1, leader: SELF };
    state.answer = 'busy';
    await t.rejects(submissions.submit(1, 3, bytes('x'), 1), { code: 'CLUSTER_BUSY' });
    state.answer = 'appended';
    const wrong = submissions.submit(1, 3, bytes('x'), 5_000);
    submissions.applied({ ...applied(state.proposed.at(-1)!), outcome: { kind: 'wrongShard' } });
    await t.rejects(wrong, { code: 'CLUSTER_WRONG_SHARD' });
    const many = Array.from({ length: 4_096 }, () => submissions.submit(1, 3, bytes('x'), 60_000));
    await t.rejects(submissions.submit(1, 3, bytes('x'), 60_000), { code: 'CLUSTER_BUSY' });
    submissions.stop();
    const ends = await Promise.allSettled(many);
    t.ok(ends.every((end) => end.status === 'rejected' && end.reason.code === 'CLUSTER_TIMEOUT'));
    await t.rejects(submissions.submit(1, 3, bytes('x'), 60_000), { code: 'CLUSTER_STOPPED' });
  },
);

t.test(
  'what waits is bounded in bytes, and a stop tells the unsent from the unknown',
  async (t) => {
    const { state, submissions } = submitter();
    state.up = false;
    const large = new Uint8Array(262_000);
    const many = Array.from({ length: 256 }, () => submissions.submit(1, 3, large, 60_000));
    await t.rejects(submissions.submit(1, 3, large, 60_000), { code: 'CLUSTER_BUSY' });
    state.up = true;
    submissions.retry();
    t.equal(state.forwarded.length, 256);
    submissions.disconnected(PEER);
    submissions.applied(noop(2));
    t.equal(state.forwarded.length, 512, 'settled by the later term, and sent again');
    state.up = false;
    submissions.disconnected(PEER);
    submissions.applied(noop(3));
    submissions.stop();
    const ends = await Promise.allSettled(many);
    const codes = ends.map((end) => end.status === 'rejected' && end.reason.code);
    t.same([...new Set(codes)], ['CLUSTER_STOPPED'], 'term 3 proved that none was appended');
  },
);

t.test('[PEER-5] a leader appends a forwarded command once, however late it is repeated', (t) => {
  const { state, submissions } = submitter();
  for (let at = 0; at < 3; at += 1) submissions.submit(1, 3, bytes('x'), 60_000).catch(() => {});
  const [first, second, third] = state.forwarded as [
    ForwardedProposal,
    ForwardedProposal,
    ForwardedProposal,
  ];
  const forwarded = new ForwardedProposals();
  const appended: number[] = [];
  const accept = (proposal: ForwardedProposal, from = PEER) =>
    forwarded.accept(from, proposal, ({ request }) => {
      appended.push(request);
      return 'appended';
    });
  t.equal(accept(first), 'appended');
  t.equal(accept(second), 'appended');
  t.equal(accept(first), 'appended');
  t.same(appended, [1, 2], 'it is waited for, so it is remembered');
  t.equal(accept({ ...third, oldest: 2 }), 'appended');
  t.equal(accept(first), 'notLeader', 'nobody waits for it any more');
  t.equal(accept({ ...second, oldest: 2 }), 'appended');
  t.same(appended, [1, 2, 3]);
  t.equal(accept({ ...first, term: 2 }), 'appended');
  t.equal(appended.length, 4, 'another term is another leader');
  t.equal(accept(first, 'other'), 'appended');
  t.equal(appended.length, 5, 'another node counts by itself');
  for (const bad of [{ command: bytes('?') }, { request: 9 }, { oldest: 2 }]) {
    t.equal(accept({ ...first, ...bad }, 'third'), 'notLeader');
  }
  t.equal(appended.length, 5);
  submissions.stop();
  t.end();
});

t.test('[PEER-5] a refused proposal leaves no trace at the leader', (t) => {
  const { state, submissions } = submitter();
  submissions.submit(1, 3, bytes('x'), 60_000).catch(() => {});
  const proposal = state.forwarded[0]!;
  const forwarded = new ForwardedProposals();
  t.equal(
    forwarded.accept(PEER, { ...proposal, term: 9 }, () => 'notLeader'),
    'notLeader',
  );
  t.equal(
    forwarded.accept(PEER, proposal, () => 'busy'),
    'busy',
  );
  let appended = 0;
  const propose = () => {
    appended += 1;
    return 'appended' as const;
  };
  for (let times = 0; times < 2; times += 1) forwarded.accept(PEER, proposal, propose);
  t.equal(appended, 1);
  submissions.stop();
  t.end();
});

t.test('a submitter tells the oldest request that it still waits for, by group', async (t) => {
  const { state, submissions } = submitter();
  const first = submissions.submit(1, 3, bytes('x'), 60_000);
  submissions.submit(1, 3, bytes('y'), 60_000).catch(() => {});
  submissions.submit(2, 3, bytes('z'), 60_000).catch(() => {});
  t.match(state.forwarded, [
    { request: 1, oldest: 1 },
    { request: 2, oldest: 1 },
    { request: 3, oldest: 3, group: 2 },
  ]);
  submissions.applied(applied(state.forwarded[0]!));
  await first;
  submissions.submit(1, 3, bytes('w'), 60_000).catch(() => {});
  t.match(state.forwarded.at(-1), { request: 4, oldest: 2 });
  submissions.stop();
});

t.test('[STO-10] a command for a slot of another group changes nothing', async (t) => {
  const { state, submissions } = submitter();
  submissions.submit(1, 3, bytes('x'), 60_000).catch(() => {});
  const { entry } = applied(state.forwarded[0]!);
  submissions.stop();
  const apply = (ranges: readonly SlotRange[]) =>
    applyCommands([entry], {
      machine: counterMachine,
      slots: { epoch: 1, ranges },
      meta: undefined,
      getMany: async (keys) => keys.map(() => undefined),
    });
  const foreign = await apply([{ first: 4, last: 65_535 }]);
  t.same(foreign.operations, []);
  t.match(foreign.entries, [{ outcome: { kind: 'wrongShard' }, events: [] }]);
  const own = await apply([{ first: 3, last: 3 }]);
  t.equal(own.operations.length, 1);
  t.match(own.entries, [{ outcome: { kind: 'applied' } }]);
});

t.test('commands of one page see what those before them wrote', async (t) => {
  const { state, submissions } = submitter();
  for (let at = 0; at < 3; at += 1) submissions.submit(1, 3, bytes('x'), 60_000).catch(() => {});
  submissions.stop();
  const page = await applyCommands(
    state.forwarded.map((proposal) => applied(proposal).entry),
    {
      machine: counterMachine,
      slots: { epoch: 1, ranges: [{ first: 0, last: 9 }] },
      meta: undefined,
      getMany: async (keys) => keys.map(() => new Uint8Array([0, 0, 0, 5])),
    },
  );
  const replies = page.entries.map(({ outcome }) => outcome.kind === 'applied' && outcome.reply[3]);
  t.same(replies, [6, 7, 8]);
});

t.test(
  'a clock is doubted when two others agree against it, and only while they are fresh',
  (t) => {
    const guard = new ClockGuard();
    guard.observe('a', 100_000, 10_000, 0);
    t.notOk(guard.suspicious(0), 'two clocks prove nothing');
    guard.observe('b', 10_000, 10_000, 0);
    t.notOk(guard.suspicious(0), 'the other one is off');
    guard.observe('b', 95_000, 10_000, 10);
    t.ok(guard.suspicious(10));
    t.notOk(guard.suspicious(20_000), 'long not heard');
    const delayed = new ClockGuard();
    for (const peer of ['a', 'b']) {
      delayed.observe(peer, 10_000, 10_000, 0);
      delayed.observe(peer, 10_000, 19_000, 0);
    }
    t.notOk(delayed.suspicious(0), 'frames that were held up on the way do not count');
    t.end();
  },
);

t.test('[STO-13] a node that moved is known by its new address, others are untouched', (t) => {
  const ids = ['0a'.repeat(16), '0b'.repeat(16), '0f'.repeat(16)];
  const rows = firstRows(
    ids.map((id, at) => ({
      id,
      name: String(at),
      peerAddress: 'host:1',
      fingerprint: '0c'.repeat(32),
      incarnation: '0d'.repeat(16),
    })),
    2,
  );
  const clusterRows = rows.filter(({ key }) => key[0] === 0x22);
  const meta = new MetaState(clusterRows.map(({ key, payload }) => [key.subarray(5), payload!]));
  t.equal(meta.apply(encodeNodeMoved(ids[0]!, 'host:2')).length, 1);
  t.same(
    meta.nodes.map((node) => node.peerAddress),
    ['host:2', 'host:1', 'host:1'],
  );
  const spoilt = encodeNodeMoved(ids[0]!, 'host:3');
  spoilt[spoilt.length - 1] = 0xff;
  t.same(meta.apply(spoilt), [], 'an address that is no text');
  t.same(meta.apply(bytes('?')), [], 'unreadable');
  t.same(meta.apply(encodeNodeMoved('0e'.repeat(16), 'host:2')), [], 'unknown');
  t.equal(meta.groupOf(0x7fff), 1);
  t.equal(meta.groupOf(0x8000), 2);
  t.equal(meta.groupOf(-1), 0);
  const nodeRow = clusterRows.findIndex(({ key }) => key[5] === 1);
  const without = clusterRows.filter((_, at) => at !== nodeRow);
  const restored = (stored: typeof clusterRows) =>
    new MetaState(stored.map(({ key, payload }) => [key.subarray(5), payload!]));
  t.throws(() => restored(without), { code: 'STORE_HOLE' }, 'two of three are no membership');
  const unreadable = clusterRows.map((row, at) =>
    at === nodeRow ? { ...row, payload: bytes('?') } : row,
  );
  t.throws(() => restored(unreadable), { code: 'STORE_HOLE' });
  t.end();
});

/** One voter of three, whose clock is an hour behind the two others. */
async function doubtedVoter() {
  const [self, b, c] = ['0a', '0b', '0c'].map((byte) => byte.repeat(16)) as [
    string,
    string,
    string,
  ];
  const disk = new MemoryDisk();
  await createStore({ open: async () => disk.open() });
  const store = await LogStore.open(disk.open(), { onPoison: () => {}, lazyMs: 1 });
  const sent: PeerMessage[] = [];
  const nothing = () => {};
  const driver = new Driver({
    self,
    clock: { ...SYSTEM_CLOCK, nowMs: () => 0 },
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    clientId: new Uint8Array(16),
    ruleVersion: 1,
    tableEpoch: 1,
    tickMs: 1,
    heartbeatTicks: 20,
    send: (to, _, payload) => sent.push(...(decodeRaftBundle(payload, self, to) ?? [])) > 0,
    durable: nothing,
    snapshotRows: (group) => store.snapshotRows(group),
    replaced: nothing,
    leadership: nothing,
    fatal: (error) => {
      throw error;
    },
  });
  const raft = createRaft({
    group: 1,
    self,
    boot: 1,
    voters: [self, b, c],
    electionTicks: 10,
    heartbeatTicks: 2,
    seed: 1,
    chainChecksum,
    hardState: undefined,
    log: { base: { index: 0, term: 0, checksum: 0, entryTimeMs: 0 }, entries: [] },
    applied: 0,
    limits: {
      appendBytesMax: 1_000,
      inflightAppendsMax: 1,
      inflightBytesMax: 1_000,
      uncommittedBytesMax: 1_000,
      applyBytesMax: 1_000,
      logEntriesKept: 1_000,
      logBytesKept: 1_000_000,
      logBytesMax: 1_000_000,
      readsMax: 10,
    },
  });
  const slots = { epoch: 1, ranges: [] };
  const apply = { machine: counterMachine, slots, meta: undefined, getMany: async () => [] };
  const applied = { index: 0, term: 0 };
  const member = new GroupMember({ group: 1, self, raft, store, apply, hooks: driver, applied });
  const hear = (from: string, message: PeerMessage) => {
    const [payload] = encodeRaftBundles([message]);
    driver.received({
      clusterId: '',
      sender: from,
      incarnation: '',
      bootNumber: 1,
      bootId: '',
      batch: 1,
      receiver: self,
      clockMs: 3_600_000,
      kind: FRAME_KIND.raft,
      payload: payload!,
    });
  };
  driver.start([member]);
  const stop = async () => {
    await driver.stop();
    await store.close();
  };
  return { self, b, c, sent, raft, hear, stop };
}

t.test(
  'a node with a wrong clock does not campaign, but votes when the leader is gone',
  async (t) => {
    const { self, b, c, sent, raft, hear, stop } = await doubtedVoter();
    t.teardown(stop);
    hear(b, { kind: 'heartbeat', group: 1, from: b, to: self, term: 1, commit: 0, round: 1 });
    const ask = { kind: 'preVoteRequest', group: 1, from: c, to: self, term: 2 } as const;
    // The leader is silent from here on; ticks go by, and the third node asks now and then.
    for (let turns = 0; turns < 5_000 && !sent.some(isGranted); turns += 1) {
      if (turns % 50 === 0) hear(c, { ...ask, lastIndex: 0, lastTerm: 0 });
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    t.ok(sent.some(isGranted), 'it grants its vote');
    for (let turns = 0; turns < 5_000 && raft.status().role === 'follower'; turns += 1) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    t.equal(raft.status().role, 'preCandidate');
    t.notOk(
      sent.some(({ kind }) => kind === 'preVoteRequest'),
      'and asks nobody for theirs',
    );
  },
);

function isGranted(message: PeerMessage): boolean {
  return message.kind === 'preVoteReply' && message.granted;
}

t.test('a leader whose clock turns out to be wrong hands over, and then is silent', async (t) => {
  const { self, b, c, sent, raft, hear, stop } = await doubtedVoter();
  t.teardown(stop);
  /** b supports whatever is asked of it. */
  const answer = (message: PeerMessage): void => {
    const head = { group: 1, from: b, to: self, term: message.term } as const;
    if (message.to !== b) return;
    if (message.kind === 'preVoteRequest')
      hear(b, { ...head, kind: 'preVoteReply', granted: true });
    if (message.kind === 'voteRequest') hear(b, { ...head, kind: 'voteReply', granted: true });
    if (message.kind === 'heartbeat') {
      hear(b, { ...head, kind: 'heartbeatReply', round: message.round });
    }
    if (message.kind === 'append') {
      const matchIndex = message.previousIndex + message.entries.length;
      hear(b, { ...head, kind: 'appendAccepted', matchIndex });
    }
  };
  let isDoubted = false;
  let answered = 0;
  for (let turns = 0; turns < 5_000 && !sent.some(isTimeoutNow); turns += 1) {
    for (const message of sent.slice(answered)) answer(message);
    answered = sent.length;
    const { role, term, commit } = raft.status();
    if (role === 'leader' && commit > 0 && !isDoubted) {
      isDoubted = true;
      // The third clock is what settles which one is wrong.
      hear(c, { group: 1, from: c, to: self, kind: 'heartbeatReply', term, round: 0 });
    }
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  t.match(sent.find(isTimeoutNow), { to: b });
});

function isTimeoutNow(message: PeerMessage): boolean {
  return message.kind === 'timeoutNow';
}
