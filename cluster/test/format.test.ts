import { batchKey, decodeStoredValue, encodeStoredValue } from '@rockpool/storage';
import fc from 'fast-check';
import t from 'tap';
import type { Entry } from '../src/core/entry.ts';
import type { PeerMessage } from '../src/core/messages.ts';
import { ByteReader } from '../src/format/bytes.ts';
import { decodeCommand, encodeCommand, openSession } from '../src/format/command.ts';
import {
  decodeGroupSlots,
  decodeHardState,
  decodeIndex,
  decodeLogBase,
  decodeSide,
  encodeGroupSlots,
  encodeHardState,
  encodeIndex,
  encodeLogBase,
  encodeSide,
} from '../src/format/group-records.ts';
import {
  decodeIdentity,
  decodePeerMark,
  encodeIdentity,
  encodePeerMark,
} from '../src/format/identity.ts';
import {
  COMMAND_BYTES_MAX,
  chainChecksum,
  decodeLogEntries,
  encodeLogEntries,
} from '../src/format/log-entry.ts';
import {
  decodePeerFrame,
  encodePeerFrame,
  FRAME_BYTES_MAX,
  FRAME_KIND,
  FrameSplitter,
  PAYLOAD_BYTES_MAX,
} from '../src/format/peer-frame.ts';
import {
  decodeProposal,
  decodeProposalReply,
  decodeRaftBundle,
  decodeRefusal,
  encodeProposal,
  encodeProposalReply,
  encodeRaftBundles,
  encodeRefusal,
} from '../src/format/peer-payload.ts';
import { entryKey, prefixEnd, rowKey, slotOfRowKey } from '../src/format/store-key.ts';
import {
  decodeNode,
  decodeSlotTable,
  encodeNode,
  encodeSlotTable,
} from '../src/meta/meta-records.ts';
import { configurations, logBases } from '../testing/arbitrary-configuration.ts';
import { plain, roundTrip } from '../testing/round-trip.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const exactly = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const id = exactly(16).map((value) => Buffer.from(value).toString('hex'));
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const u64 = fc.maxSafeNat();
const content = {
  group: u32,
  index: u64,
  term: u64,
  checksum: u32,
  ruleVersion: u16,
  entryTimeMs: u64,
  tableEpoch: u32,
};
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ ...content, kind: fc.constantFrom('noop', 'command'), command: bytes(100) }),
  fc.record({
    ...content,
    kind: fc.constant('configuration'),
    command: fc.constant(new Uint8Array(0)),
    configuration: configurations,
  }),
);

const FROM = '0a'.repeat(16);
const TO = '0b'.repeat(16);
const envelope = { group: u32, from: fc.constant(FROM), to: fc.constant(TO), term: u64 };
const message: fc.Arbitrary<PeerMessage> = fc.oneof(
  fc.record({
    ...envelope,
    kind: fc.constant('preVoteRequest'),
    lastIndex: u64,
    lastTerm: u64,
  }),
  fc.record({
    ...envelope,
    kind: fc.constant('voteRequest'),
    lastIndex: u64,
    lastTerm: u64,
    isTransfer: fc.boolean(),
  }),
  fc.record({ ...envelope, kind: fc.constant('timeoutNow') }),
  fc.record({
    ...envelope,
    kind: fc.constantFrom('preVoteReply', 'voteReply'),
    granted: fc.boolean(),
  }),
  fc.record({
    ...envelope,
    kind: fc.constant('append'),
    previousIndex: u64,
    previousTerm: u64,
    commit: u64,
    entries: fc.array(entry, { maxLength: 3 }),
  }),
  fc.record({ ...envelope, kind: fc.constant('appendAccepted'), matchIndex: u64 }),
  fc.record({
    ...envelope,
    kind: fc.constant('appendRejected'),
    rejectedIndex: u64,
    hintIndex: u64,
    hintTerm: u64,
  }),
  fc.record({ ...envelope, kind: fc.constant('heartbeat'), commit: u64, round: u64 }),
  fc.record({ ...envelope, kind: fc.constant('heartbeatReply'), round: u64 }),
  fc.record({ ...envelope, kind: fc.constant('readRequest'), boot: u32, read: u64 }),
  fc.record({
    ...envelope,
    kind: fc.constant('readReply'),
    boot: u32,
    read: u64,
    confirmed: fc.boolean(),
    index: u64,
  }),
);
/** In a bundle the heartbeats come first, then the answers to heartbeats, then all else. */
function asTheyTravel(messages: readonly PeerMessage[]): readonly PeerMessage[] {
  const rank = ({ kind }: PeerMessage) => {
    return kind === 'heartbeat' ? 0 : kind === 'heartbeatReply' ? 1 : 2;
  };
  return messages.toSorted((a, b) => rank(a) - rank(b));
}

const mark = {
  bootNumber: u32,
  bootId: exactly(8).map((value) => Buffer.from(value).toString('hex')),
  batch: u64,
};
const header = {
  clusterId: id,
  sender: id,
  incarnation: id,
  ...{ ...mark, bootBatch: u64 },
  receiver: id,
  clockMs: u64,
};
const frame = fc.record({
  ...header,
  kind: fc.constantFrom(...Object.values(FRAME_KIND)),
  payload: bytes(200),
});

t.test(
  '[STO-3] to [STO-17] records survive a round trip and no bytes make a decoder throw',
  (t) => {
    const range = fc
      .tuple(u16, u16)
      .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
    const slots = fc.record({ epoch: u32, ranges: fc.array(range, { maxLength: 1 }) });
    roundTrip(t, slots, encodeGroupSlots, decodeGroupSlots);
    roundTrip(
      t,
      fc.record({ term: u64, commit: u64, vote: fc.option(id, { nil: undefined }) }),
      encodeHardState,
      decodeHardState,
    );
    roundTrip(t, logBases, encodeLogBase, decodeLogBase);
    roundTrip(t, fc.constantFrom(0 as const, 1 as const), encodeSide, decodeSide);
    roundTrip(t, u64, encodeIndex, decodeIndex);
    roundTrip(t, fc.record(mark), encodePeerMark, decodePeerMark);
    roundTrip(
      t,
      fc.record({
        dataVersion: u16,
        clusterId: id,
        realm: exactly(32).map((value) => Buffer.from(value).toString('hex')),
        nodeId: id,
        incarnation: id,
        bootNumber: u32,
      }),
      encodeIdentity,
      decodeIdentity,
    );
    const entries = fc.array(entry, { minLength: 1, maxLength: 5 });
    roundTrip(t, entries, encodeLogEntries, decodeLogEntries);
    const appSlot = fc.integer({ min: -1, max: 65_535 });
    roundTrip(
      t,
      fc
        .record({ slot: appSlot, session: u64, sequence: u64, oldest: u64, body: bytes(50) })
        .map((value) => ({ ...value, oldest: Math.min(value.oldest, value.sequence) })),
      encodeCommand,
      decodeCommand,
    );
    roundTrip(
      t,
      fc.record({
        id: fc.constant(FROM),
        name: fc.constantFrom('1', 'berlin'),
        peerAddress: fc.constantFrom('127.0.0.1:1', '[::1]:65535'),
        fingerprint: exactly(32).map((value) => Buffer.from(value).toString('hex')),
        incarnation: id,
      }),
      encodeNode,
      (random) => decodeNode(FROM, random),
    );
    const half = { first: 0, last: 0x7fff, group: 1 };
    const table = fc.record({
      epoch: u32,
      shardGroups: fc.constant(2),
      assignments: fc.constant([half, { first: 0x8000, last: 0xffff, group: 2 }]),
    });
    roundTrip(t, table, encodeSlotTable, decodeSlotTable);
    t.end();
  },
);

t.test(
  '[PEER-2] to [PEER-8] frames and payloads survive a round trip, and decoders refuse',
  (t) => {
    roundTrip(
      t,
      frame,
      (value) => encodePeerFrame(value).subarray(4),
      (random) => {
        const decoded = decodePeerFrame(random);
        return decoded.ok ? decoded.frame : undefined;
      },
    );
    roundTrip(
      t,
      fc.array(message, { minLength: 1, maxLength: 6 }).map(asTheyTravel),
      (messages) => encodeRaftBundles(messages)[0]!,
      (random) => decodeRaftBundle(random, FROM, TO),
    );
    roundTrip(
      t,
      fc.record({
        request: u64,
        group: u32,
        ruleVersion: u16,
        tableEpoch: u32,
        command: bytes(100),
      }),
      encodeProposal,
      decodeProposal,
    );
    roundTrip(
      t,
      fc.record({
        request: u64,
        answer: fc.constantFrom('appended', 'notLeader', 'busy'),
      }),
      encodeProposalReply,
      decodeProposalReply,
    );
    roundTrip(
      t,
      fc.constantFrom('PEER_INCARNATION' as const, 'PEER_UNKNOWN_KEY' as const),
      encodeRefusal,
      decodeRefusal,
    );
    t.end();
  },
);

t.test('[STO-1] any flipped bit of key or value is damage', (t) => {
  const key = entryKey(3, 7);
  const value = encodeStoredValue(key, Buffer.from('payload'));
  t.match(decodeStoredValue(key, value), { ok: true });
  const codes = Array.from({ length: value.length * 8 }, (_, bit) => {
    const flipped = value.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    const decoded = decodeStoredValue(key, flipped);
    return decoded.ok ? 'served' : decoded.code;
  });
  t.same([...new Set(codes)], ['STORE_DAMAGED']);
  t.match(decodeStoredValue(entryKey(3, 8), value), { ok: false, code: 'STORE_DAMAGED' });
  t.match(decodeStoredValue(key, value.subarray(0, 4)), { ok: false, code: 'STORE_DAMAGED' });
  t.end();
});

t.test('[STO-2] keys sort by kind, group, slot and index', (t) => {
  const ascending = [
    batchKey(65_537),
    entryKey(1, 255),
    entryKey(1, 256),
    entryKey(2, 1),
    rowKey(1, 0xff, Buffer.from('b')),
    rowKey(1, 0x100, Buffer.from('a')),
    rowKey(0, -1, Buffer.from('a')),
  ];
  for (let at = 1; at < ascending.length; at += 1) {
    t.ok(Buffer.compare(ascending[at - 1]!, ascending[at]!) < 0, `key ${at}`);
  }
  t.same(batchKey(65_537), batchKey(1));
  t.equal(slotOfRowKey(rowKey(1, 0x1234, Buffer.from('x'))), 0x1234);
  t.same(prefixEnd(new Uint8Array([1, 2, 0xff, 0xff])), new Uint8Array([1, 3]));
  t.end();
});

t.test('[STO-8] the checksum chains the content and the previous checksum', (t) => {
  fc.assert(
    fc.property(entry, u32, (value, previous) => {
      const checksum = chainChecksum(previous, value);
      const changed = [
        { ...value, term: value.term === 0 ? 1 : value.term - 1 },
        { ...value, ruleVersion: value.ruleVersion ^ 1 },
        value.configuration === undefined
          ? { ...value, command: new Uint8Array([...value.command, 0]) }
          : { ...value, configuration: { ...value.configuration, learners: ['ff'.repeat(16)] } },
      ];
      const others = changed.map((content) => chainChecksum(previous, content));
      const otherPrevious = previous === 0 ? 1 : previous - 1;
      return ![...others, chainChecksum(otherPrevious, value)].includes(checksum);
    }),
    { numRuns: 100 },
  );
  const huge = { group: 1, index: 1, term: 1, checksum: 0, ruleVersion: 1, entryTimeMs: 0 };
  const command = new Uint8Array(COMMAND_BYTES_MAX + 1);
  const encoded = encodeLogEntries([{ ...huge, kind: 'command', tableEpoch: 1, command }]);
  t.equal(decodeLogEntries(encoded), undefined, 'a command over the limit is refused');
  t.end();
});

t.test('[STO-12] commands of another version, slot or shape are refused', (t) => {
  const command = { slot: -2, session: 7, sequence: 2, oldest: 1, body: new Uint8Array(0) };
  const good = encodeCommand(command);
  t.match(decodeCommand(good), command);
  t.equal(decodeCommand(new Uint8Array([1, ...good.subarray(1)])), undefined, 'version');
  const refused = (change: Partial<typeof command>, why: string) =>
    t.equal(decodeCommand(encodeCommand({ ...command, ...change })), undefined, why);
  refused({ slot: -4 }, 'no such slot');
  refused({ slot: 65_536 }, 'slot');
  refused({ oldest: 3 }, 'it is not waited for itself');
  t.ok(decodeCommand(encodeCommand(openSession(new Uint8Array(16)))));
  refused({ slot: -3, body: new Uint8Array(15) }, 'no client id');
  t.end();
});

t.test('[STO-11] a slot table with a gap or a group that does not exist is refused', (t) => {
  const encode = (first: number, group: number) =>
    encodeSlotTable({
      epoch: 1,
      shardGroups: 2,
      assignments: [
        { first: 0, last: 99, group: 1 },
        { first, last: 0xffff, group },
      ],
    });
  t.ok(decodeSlotTable(encode(100, 2)));
  t.equal(decodeSlotTable(encode(101, 2)), undefined);
  t.equal(decodeSlotTable(encode(100, 3)), undefined);
  t.end();
});

t.test('[PEER-2] the splitter finds the frames however the stream is cut', (t) => {
  fc.assert(
    fc.property(
      fc.array(frame, { minLength: 1, maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 20 }),
      (frames, cuts) => {
        const stream = Buffer.concat(frames.map((value) => encodePeerFrame(value)));
        const splitter = new FrameSplitter();
        const bodies: Uint8Array[] = [];
        for (let at = 0, cut = 0; at < stream.length; cut += 1) {
          const end = at + cuts[cut % cuts.length]!;
          bodies.push(...splitter.push(stream.subarray(at, end))!);
          at = end;
        }
        const decoded = bodies.map((body) => {
          const result = decodePeerFrame(body);
          return result.ok ? result.frame : result.reason;
        });
        return plain(decoded) === plain(frames);
      },
    ),
    { numRuns: 50 },
  );
  t.end();
});

t.test('[PEER-2] an impossible length, a flipped bit and unknown kinds are refused', (t) => {
  const lengthOnly = (length: number) => {
    const chunk = Buffer.alloc(4);
    chunk.writeUInt32BE(length);
    return new FrameSplitter().push(chunk);
  };
  t.equal(lengthOnly(FRAME_BYTES_MAX + 1), undefined, 'refused before anything is buffered');
  t.equal(lengthOnly(105), undefined);
  t.same(lengthOnly(106), []);
  const whole = {
    clusterId: FROM,
    sender: FROM,
    incarnation: FROM,
    bootNumber: 1,
    bootId: '0b'.repeat(8),
    ...{ bootBatch: 1, batch: 1 },
    receiver: TO,
    clockMs: 5,
    kind: FRAME_KIND.application,
    payload: Buffer.from('hi'),
  };
  const good = encodePeerFrame(whole).subarray(4);
  const reasons = Array.from({ length: (good.length - 1) * 8 }, (_, bit) => {
    const flipped = good.slice();
    flipped[1 + (bit >> 3)]! ^= 1 << (bit & 7);
    const decoded = decodePeerFrame(flipped);
    return decoded.ok ? 'accepted' : decoded.reason;
  });
  t.same([...new Set(reasons)], ['checksum']);
  t.same(decodePeerFrame(new Uint8Array([9, ...good.subarray(1)])), {
    ok: false,
    reason: 'version',
  });
  const alien = encodePeerFrame({ ...whole, kind: 99 as 1 }).subarray(4);
  t.same(decodePeerFrame(alien), { ok: false, reason: 'kind' });
  const tooMuch = new Uint8Array(PAYLOAD_BYTES_MAX + 1);
  t.throws(() => encodePeerFrame({ ...whole, payload: tooMuch }));
  t.end();
});

t.test('[PEER-4] what does not fit into one frame travels in several, in order', (t) => {
  const command = new Uint8Array(COMMAND_BYTES_MAX);
  const big: Entry = {
    group: 1,
    index: 1,
    term: 1,
    checksum: 0,
    kind: 'command',
    ruleVersion: 1,
    entryTimeMs: 0,
    tableEpoch: 1,
    command,
  };
  const append = (group: number): PeerMessage => ({
    kind: 'append',
    group,
    from: FROM,
    to: TO,
    term: 1,
    previousIndex: 0,
    previousTerm: 0,
    commit: 0,
    entries: [big],
  });
  const groups = Array.from({ length: 20 }, (_, group) => group);
  const bundles = encodeRaftBundles(groups.map(append));
  t.equal(bundles.length, 2);
  const back = bundles.flatMap((bundle) => decodeRaftBundle(bundle, FROM, TO) ?? []);
  t.same(
    back.map((found) => found.group),
    groups,
  );
  t.end();
});

t.test('integers over 2^53 turn the reader bad, and nothing after it counts', (t) => {
  const reader = new ByteReader(new Uint8Array([0xff, 0, 0, 0, 0, 0, 0, 0, 7]));
  t.equal(reader.u64(), 0);
  t.equal(reader.u8(), 0);
  t.equal(reader.left, 0);
  t.notOk(reader.complete);
  t.end();
});

t.test('[PEER-4] numbers of a heartbeat line have one form, and are safe integers', (t) => {
  const read = (...line: number[]) => decodeRaftBundle(Uint8Array.from(line), FROM, TO);
  const [head, group] = [[14, 0, 0, 0, 1], 1];
  t.match(read(...head, group, 2, 0x80, 1), [{ kind: 'heartbeatReply', term: 2, round: 128 }]);
  t.equal(read(...head, group, 2, 0x80, 0), undefined, 'zeros at the end');
  t.equal(read(...head, group, 2, ...Array<number>(8).fill(0xff), 1), undefined, 'too long');
  t.equal(read(...head, group, 2, ...Array<number>(7).fill(0xff), 0x7f), undefined, 'above 2^53');
  t.equal(read(14, 0xff, 0xff, 0xff, 0xff, group, 2, 3), undefined, 'fewer lines than it says');
  t.match(read(14, 0, 0, 0, 0), []);
  t.end();
});

t.test('[PEER-4] a thousand idle groups are a frame of a few kibibytes', (t) => {
  const beat = (group: number): PeerMessage => {
    const head = { kind: 'heartbeat', group, from: FROM, to: TO } as const;
    return { ...head, term: 7, commit: 12_345, round: 99_999 };
  };
  const [bundle, ...more] = encodeRaftBundles(Array.from({ length: 1_000 }, (_, at) => beat(at)));
  t.same(more, []);
  t.ok(bundle!.length < 10_000, `${bundle!.length} bytes`);
  t.end();
});
