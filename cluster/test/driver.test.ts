import type { Operation } from '@rockpool/storage';
import t from 'tap';
import type { Entry } from '../src/core/entry.ts';
import type { PeerMessage } from '../src/core/messages.ts';
import { createRaft } from '../src/core/raft.ts';
import { applyCommands } from '../src/driver/apply-commands.ts';
import { SYSTEM_CLOCK } from '../src/driver/clock.ts';
import { ClockGuard } from '../src/driver/clock-guard.ts';
import { Driver } from '../src/driver/driver.ts';
import { GroupMember } from '../src/driver/group-member.ts';
import { encodeCommand } from '../src/format/command.ts';
import type { SlotRange } from '../src/format/group-records.ts';
import { chainChecksum } from '../src/format/log-entry.ts';
import { FRAME_KIND } from '../src/format/peer-frame.ts';
import { decodeRaftBundle, encodeRaftBundles } from '../src/format/peer-payload.ts';
import { KEY_KIND } from '../src/format/store-key.ts';
import { SessionTable } from '../src/sessions/session-table.ts';
import { LogStore } from '../src/store/log-store.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { createStore } from '../testing/log-store-suite.ts';
import { MemoryDisk } from '../testing/memory-store.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const kindOf = ({ key }: Operation): number | undefined => key[0];

/** Commands of one session as they stand in a log, and the table that knows it. */
function logOf(count: number) {
  const sessions = new SessionTable(1, []);
  sessions.open(new Uint8Array(16), 1);
  const entries = Array.from({ length: count }, (_, at): Entry => {
    const sequence = at + 1;
    const command = encodeCommand({ slot: 3, session: 1, sequence, oldest: 1, body: bytes('x') });
    const head = { group: 1, index: at + 2, term: 1, checksum: 0, kind: 'command' } as const;
    return { ...head, ruleVersion: 1, tableEpoch: 1, entryTimeMs: 5, command };
  });
  return { sessions, entries };
}

t.test('[STO-10] a command for a slot of another group changes nothing', async (t) => {
  const apply = (ranges: readonly SlotRange[]) => {
    const { sessions, entries } = logOf(1);
    return applyCommands(entries, {
      machine: counterMachine,
      slots: { epoch: 1, ranges },
      meta: undefined,
      sessions,
      getMany: async (keys) => keys.map(() => undefined),
    });
  };
  const foreign = await apply([{ first: 4, last: 65_535 }]);
  t.same(foreign.operations.map(kindOf), [KEY_KIND.session], 'but that it is known');
  t.match(foreign.entries, [{ outcome: { kind: 'wrongShard' }, events: [] }]);
  const own = await apply([{ first: 3, last: 3 }]);
  t.same(own.operations.map(kindOf), [KEY_KIND.row, KEY_KIND.session]);
  t.match(own.entries, [{ outcome: { kind: 'applied' } }]);
});

t.test('commands of one page see what those before them wrote', async (t) => {
  const { sessions, entries } = logOf(3);
  const page = await applyCommands(entries, {
    machine: counterMachine,
    slots: { epoch: 1, ranges: [{ first: 0, last: 9 }] },
    meta: undefined,
    sessions,
    getMany: async (keys) => keys.map(() => new Uint8Array([0, 0, 0, 5])),
  });
  const replies = page.entries.map(({ outcome }) => outcome.kind === 'applied' && outcome.reply[3]);
  t.same(replies, [6, 7, 8]);
  const rows = page.operations.filter((operation) => kindOf(operation) === KEY_KIND.session);
  t.equal(rows.length, 1, 'a session is written once for all of them');
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
    electionTicks: 40,
    heartbeatTicks: 20,
    send: (to, _, payload) => sent.push(...(decodeRaftBundle(payload, self, to) ?? [])) > 0,
    applied: nothing,
    snapshotRows: (group) => store.snapshotRows(group),
    replaced: nothing,
    leadership: nothing,
    nodes: () => ({ staying: [self, b, c], leaving: [], isDeparting: () => false }),
    departed: nothing,
    fatal: (error) => {
      throw error;
    },
  });
  const configuration = { voters: [self, b, c], outgoing: [], learners: [] };
  const raft = createRaft({
    group: 1,
    self,
    boot: 1,
    electionTicks: 10,
    heartbeatTicks: 2,
    seed: 1,
    chainChecksum,
    hardState: undefined,
    log: { base: { index: 0, term: 0, checksum: 0, entryTimeMs: 0, configuration }, entries: [] },
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
  const apply = {
    machine: counterMachine,
    slots: { epoch: 1, ranges: [] },
    meta: undefined,
    sessions: new SessionTable(1, []),
    getMany: async () => [],
  };
  const applied = { index: 0, term: 0, configuration };
  const loaded = { logRows: [], applied };
  const member = new GroupMember({ group: 1, self, raft, store, apply, hooks: driver, ...loaded });
  const hear = (from: string, message: PeerMessage) => {
    const [payload] = encodeRaftBundles([message]);
    driver.received({
      clusterId: '',
      sender: from,
      incarnation: '',
      bootNumber: 1,
      bootId: '',
      bootBatch: 1,
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
