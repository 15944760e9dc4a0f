import { crc32 } from 'node:zlib';
import t from 'tap';
import { createRaft } from '../src/core/raft.ts';
import { GroupMember, type MemberHooks } from '../src/driver/group-member.ts';
import { chainChecksum } from '../src/format/log-entry.ts';
import type { SnapshotAnswer, SnapshotChunk } from '../src/format/snapshot-payload.ts';
import { SessionTable } from '../src/sessions/session-table.ts';
import type { LogStore } from '../src/store/log-store.ts';
import { chunksOf } from '../src/store/snapshot-chunks.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { DRIVEN_LIMITS, DRIVEN_TIMING } from '../testing/driven-nodes.ts';
import { createStore, openStore } from '../testing/log-store-suite.ts';
import { MemoryDisk } from '../testing/memory-store.ts';

const GROUP = 1;
const SELF = '0b'.repeat(16);
const LEADER = '0a'.repeat(16);
const MEMBERS = { voters: [LEADER, SELF, '0c'.repeat(16)], outgoing: [], learners: [] };
const START = { index: 0, term: 0, checksum: 0, entryTimeMs: 0, configuration: MEMBERS };
const BASE = { index: 40, term: 2, checksum: 9, entryTimeMs: 100, configuration: MEMBERS };

/** A follower whose messages and answers are collected. */
async function follower() {
  const disk = new MemoryDisk();
  const made = { open: async () => disk.open() };
  await createStore(made);
  const store = await openStore(made);
  const state = await store.loadGroup(GROUP);
  const raft = createRaft({
    group: GROUP,
    self: SELF,
    boot: 1,
    ...DRIVEN_TIMING,
    seed: 1,
    chainChecksum,
    hardState: state.hardState,
    log: { base: START, entries: [] },
    applied: 0,
    limits: DRIVEN_LIMITS,
  });
  let answered = Promise.withResolvers<SnapshotAnswer>();
  const nothing = () => {};
  const hooks: MemberHooks = {
    send: nothing,
    wake: () => member.drain(),
    applied: nothing,
    readConfirmed: nothing,
    readFailed: nothing,
    sendSnapshot: nothing,
    answerSnapshot: (_to, answer) => answered.resolve(answer),
    skipped: nothing,
    replaced: nothing,
    event: nothing,
    compacted: nothing,
    fatal: (error) => t.fail(String(error)),
  };
  const member = new GroupMember({
    group: GROUP,
    self: SELF,
    raft,
    store,
    apply: {
      machine: counterMachine,
      slots: state.slots,
      meta: undefined,
      sessions: new SessionTable(GROUP, []),
      getMany: (keys) => store.getMany(keys),
    },
    hooks,
    logRows: [],
    applied: START,
  });
  const hear = (term: number): void => {
    const commit = 0;
    raft.step({ kind: 'heartbeat', group: GROUP, from: LEADER, to: SELF, term, commit, round: 1 });
    member.drain();
  };
  const take = (chunk: SnapshotChunk): Promise<SnapshotAnswer> => {
    answered = Promise.withResolvers();
    member.chunk(LEADER, chunk);
    return answered.promise;
  };
  return { store, member, hear, take };
}

/** All of a group's state in one chunk, in a leader's term. */
async function onlyChunk(store: LogStore, term: number): Promise<SnapshotChunk> {
  const rows = await store.snapshotRows(GROUP);
  const { slots } = await rows.head();
  const { value } = await chunksOf(slots, rows).next();
  await rows.close();
  const { bytes, isLast } = value!;
  return { group: GROUP, term, base: BASE, number: 0, isLast, crc: crc32(bytes), bytes };
}

t.test('a snapshot that came too late for its term is taken from the next one', async (t) => {
  const { store, member, hear, take } = await follower();
  t.teardown(() => store.close());
  hear(3);
  const late = take(await onlyChunk(store, 3));
  hear(4);
  t.match(await late, { term: 3, status: 'done' });
  t.equal(member.appliedIndex, 0, 'its leader has led another term meanwhile');
  t.match(await take(await onlyChunk(store, 4)), { term: 4, status: 'done' });
  t.equal(member.appliedIndex, BASE.index);
});
