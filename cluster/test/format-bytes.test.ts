// The exact bytes of every stored record and peer frame, written out by hand from docs/protocol.md:
// a change here is a change of format, and breaks every cluster that exists.

import { crc32 } from 'node:zlib';
import { batchKey, encodeStoredValue } from '@rockpool/storage';
import t from 'tap';
import { encodeCommand, openSession } from '../src/format/command.ts';
import {
  encodeGroupSlots,
  encodeHardState,
  encodeIndex,
  encodeLogBase,
  encodeSide,
} from '../src/format/group-records.ts';
import { encodeIdentity, encodePeerMark } from '../src/format/identity.ts';
import { KnownIds } from '../src/format/known-ids.ts';
import { chainChecksum, encodeLogEntries } from '../src/format/log-entry.ts';
import { encodePeerFrame, FRAME_KIND } from '../src/format/peer-frame.ts';
import {
  encodeHello,
  encodeProposal,
  encodeProposalReply,
  encodeRaftBundles,
  encodeRefusal,
} from '../src/format/peer-payload.ts';
import { entryKey, peerKey, rowKey } from '../src/format/store-key.ts';
import { encodeNode, encodeSlotTable } from '../src/meta/meta-records.ts';
import { encodeNodeCommand } from '../src/meta/node-commands.ts';
import { encodeSession, sessionKey } from '../src/sessions/session-record.ts';

const A = 'aa'.repeat(16);
const B = 'bb'.repeat(16);
const C = 'cc'.repeat(16);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const crc = (text: string, before = 0): string =>
  crc32(bytes(text), before).toString(16).padStart(8, '0');

t.test('[STO-1] [STO-2] [STO-4] values and keys', (t) => {
  t.equal(hex(batchKey(0x12345)), '02000000002345');
  t.equal(hex(peerKey(A)), `0300000000${A}`);
  t.equal(hex(entryKey(2, 0x1_0000_0001)), '13000000020000000100000001');
  t.equal(hex(rowKey(2, 0x1234, bytes('beef'))), '20000000021234beef');
  t.equal(hex(rowKey(0, -1, bytes('beef'))), '2100000000beef');
  const value = encodeStoredValue(bytes('beef'), bytes('c0ffee'));
  t.equal(hex(value), `01${crc('beef01c0ffee')}c0ffee`);
  t.equal(crc('313233343536373839'), 'cbf43926', 'the check value of CRC-32');
  t.end();
});

t.test(
  '[STO-3] [STO-5] [STO-6] [STO-7] [STO-9] [STO-10] [STO-17] records of node and group',
  (t) => {
    const realm = 'dd'.repeat(32);
    const ids = { clusterId: A, realm, nodeId: B, incarnation: C };
    const identity = encodeIdentity({ ...ids, dataVersion: 1, bootNumber: 3 });
    t.equal(hex(identity), `0001${A}${realm}${B}${C}00000003`);
    const mark = { bootNumber: 258, bootId: 'ab'.repeat(8), batch: 7 };
    t.equal(hex(encodePeerMark(mark)), `00000102${'ab'.repeat(8)}0000000000000007`);
    const voted = encodeHardState({ term: 5, commit: 4, vote: A });
    t.equal(hex(voted), `0000000000000005000000000000000401${A}`);
    const unvoted = encodeHardState({ term: 5, commit: 4, vote: undefined });
    t.equal(hex(unvoted), `0000000000000005000000000000000400${'00'.repeat(16)}`);
    const base = encodeLogBase({
      ...{ index: 7, term: 2, checksum: 0xdeadbeef, entryTimeMs: 9 },
      configuration: { voters: [A, B], outgoing: [B], learners: [C] },
    });
    const at = '00000000000000070000000000000002deadbeef0000000000000009';
    t.equal(hex(base), `${at}02010001${A}${B}${B}${C}`);
    t.equal(hex(encodeSide(1)), '01');
    t.equal(hex(encodeIndex(2 ** 32)), '0000000100000000');
    const ranges = [
      { first: 0, last: 255 },
      { first: 4096, last: 65_535 },
    ];
    t.equal(hex(encodeGroupSlots({ epoch: 1, ranges })), '000000010002000000ff1000ffff');
    t.end();
  },
);

t.test('[STO-8] a log entry and its checksum', (t) => {
  const content = {
    group: 1,
    index: 2,
    term: 3,
    kind: 'command' as const,
    ruleVersion: 4,
    entryTimeMs: 5,
    tableEpoch: 6,
    command: bytes('c0ffee'),
  };
  const before = '0000000100000000000000020000000000000003';
  const after = '01000400000000000000050000000600000003c0ffee';
  const checksum = chainChecksum(0xdeadbeef, content);
  t.equal(checksum.toString(16).padStart(8, '0'), crc(`deadbeef${before}${after}`));
  t.equal(
    hex(encodeLogEntries([{ ...content, checksum: 0x01020304 }])),
    `${before}01020304${after}`,
  );
  const configuration = { voters: [A], outgoing: [], learners: [B] };
  const change = { ...content, kind: 'configuration' as const, command: bytes(''), configuration };
  const voters = `0200040000000000000005000000060000002401000001${A}${B}`;
  t.equal(
    hex(encodeLogEntries([{ ...change, checksum: 0x01020304 }])),
    `${before}01020304${voters}`,
  );
  t.equal(
    chainChecksum(0xdeadbeef, change).toString(16).padStart(8, '0'),
    crc(`deadbeef${before}${voters}`),
  );
  t.end();
});

t.test('[STO-11] [STO-12] [STO-13] [STO-16] membership, slot table, commands and sessions', (t) => {
  const fingerprint = 'ee'.repeat(32);
  const node = encodeNode({ id: A, name: '1', peerAddress: 'h:1', fingerprint, incarnation: C });
  t.equal(hex(node), `013103683a31${fingerprint}${C}`);
  const table = encodeSlotTable({
    epoch: 1,
    shardGroups: 1,
    assignments: [{ first: 0, last: 65_535, group: 1 }],
  });
  t.equal(hex(table), '00000001000100010000ffff00000001');
  const encoded = (command: Parameters<typeof encodeNodeCommand>[0]) =>
    hex(encodeNodeCommand(command));
  const made = { id: A, name: '1', peerAddress: 'h:1', fingerprint, incarnation: C };
  t.equal(encoded({ kind: 'moved', id: A, peerAddress: 'h:1' }), `01${A}03683a31`);
  t.equal(encoded({ kind: 'joins', node: made }), `02${A}${hex(node)}`);
  t.equal(encoded({ kind: 'leaves', id: A }), `03${A}`);
  t.equal(encoded({ kind: 'left', id: A }), `04${A}`);
  t.equal(encoded({ kind: 'replaces', node: made, former: B }), `05${A}${B}${hex(node)}`);
  const numbers = { session: 7, sequence: 9, oldest: 8 };
  const command = encodeCommand({ slot: -1, ...numbers, body: bytes('c0') });
  t.equal(hex(command), '02ffffffff000000000000000700000000000000090000000000000008c0');
  const opening = encodeCommand(openSession(bytes(B)));
  t.equal(hex(opening), `02fffffffd${'00'.repeat(24)}${B}`);
  const ranges = [
    { first: 8, last: 9 },
    { first: 11, last: 11 },
  ];
  const session = encodeSession({ clientId: bytes(B), lastUse: 20, oldest: 8, ranges });
  t.equal(hex(session), `${B}00000000000000140000000000000008000200000001${'00030003'}`);
  t.equal(hex(sessionKey(1, 7)), '23000000010000000000000007');
  t.end();
});

t.test('[PEER-2] [PEER-3] [PEER-5] [PEER-6] [PEER-8] a frame and its payloads', (t) => {
  const frame = encodePeerFrame({
    clusterId: A,
    sender: B,
    incarnation: C,
    bootNumber: 1,
    bootId: 'ab'.repeat(8),
    bootBatch: 1,
    batch: 3,
    receiver: A,
    clockMs: 2,
    kind: FRAME_KIND.application,
    payload: bytes('c0ffee'),
  });
  const body = `03${A}${B}${C}00000001${'ab'.repeat(8)}00000000000000010000000000000003${A}000000000000000205c0ffee`;
  t.equal(hex(frame), `0000006d${body}${crc(body)}`);
  t.equal(hex(encodeHello({ featureLevel: 1, peerAddress: 'a:1' })), '000103613a31');
  const proposal = { request: 2, group: 2, ruleVersion: 4, tableEpoch: 5 };
  const forwarded = encodeProposal({ ...proposal, command: bytes('c0') });
  t.equal(hex(forwarded), '000000000000000200000002000400000005c0');
  const reply = encodeProposalReply({ request: 1, answer: 'busy' });
  t.equal(hex(reply), '000000000000000102');
  t.equal(hex(encodeRefusal('PEER_INCARNATION')), '01');
  t.equal(hex(encodeRefusal('PEER_UNKNOWN_KEY')), '04');
  t.end();
});

t.test('[PEER-4] every raft message', (t) => {
  const to = { group: 1, from: A, to: B, term: 2 };
  const u64 = (value: number) => value.toString(16).padStart(16, '0');
  const head = (kind: string) => `${kind}00000001${u64(2)}`;
  const noop = { kind: 'noop' as const, ruleVersion: 0, tableEpoch: 0, command: bytes('') };
  const entry = { ...noop, group: 1, index: 4, term: 2, checksum: 0, entryTimeMs: 0 };
  const entries = [entry];
  const [bundle] = encodeRaftBundles([
    { ...to, kind: 'preVoteRequest', lastIndex: 3, lastTerm: 1 },
    { ...to, kind: 'preVoteReply', granted: true },
    { ...to, kind: 'voteRequest', lastIndex: 3, lastTerm: 1, isTransfer: true },
    { ...to, kind: 'voteReply', granted: false },
    { ...to, kind: 'append', previousIndex: 3, previousTerm: 1, commit: 0, entries },
    { ...to, kind: 'appendAccepted', matchIndex: 4 },
    { ...to, kind: 'appendRejected', rejectedIndex: 5, hintIndex: 4, hintTerm: 3 },
    { ...to, kind: 'heartbeat', commit: 4, round: 6 },
    { ...to, kind: 'heartbeatReply', round: 1_000 },
    { ...to, kind: 'readRequest', boot: 7, read: 8 },
    { ...to, kind: 'readReply', boot: 7, read: 8, confirmed: true, index: 9 },
    { ...to, kind: 'timeoutNow' },
  ]);
  const expected = [
    // Of all groups together: count, then group, term, commit and round of each; answers without commit.
    '0d00000001' + '01020406',
    '0e00000001' + '0102e807',
    `${head('01')}${u64(3)}${u64(1)}`,
    `${head('02')}01`,
    `${head('03')}${u64(3)}${u64(1)}01`,
    `${head('04')}00`,
    `${head('05')}${u64(3)}${u64(1)}${u64(0)}00000001${hex(encodeLogEntries([entry]))}`,
    `${head('06')}${u64(4)}`,
    `${head('07')}${u64(5)}${u64(4)}${u64(3)}`,
    `${head('0a')}00000007${u64(8)}`,
    `${head('0b')}00000007${u64(8)}01${u64(9)}`,
    head('0c'),
  ];
  t.equal(hex(bundle!), expected.join(''));
  t.end();
});

t.test('ids that begin alike, and more of them than are known at once, are told apart', (t) => {
  const ids = new KnownIds();
  const idOf = (number: number): string => `cafe${number.toString(16).padStart(28, '0')}`;
  for (const number of [1, 2, 1, 0x1_0000_0000]) {
    t.equal(ids.idOf(bytes(idOf(number))), idOf(number));
    t.equal(hex(ids.bytesOf(idOf(number))), idOf(number));
  }
  t.equal(ids.idOf(bytes('cafe0000')), 'cafe0000', 'a shorter one');
  for (let number = 0; number < 1_000; number += 1) {
    if (hex(ids.bytesOf(idOf(number))) !== idOf(number)) t.fail(`${number}`);
    if (ids.idOf(bytes(idOf(number * 0x1_0000))) !== idOf(number * 0x1_0000)) t.fail(`${number}`);
  }
  const received = bytes(idOf(3));
  t.equal(ids.idOf(received), idOf(3));
  received.fill(0);
  t.equal(ids.idOf(bytes(idOf(3))), idOf(3), 'what a frame brought is not kept with the frame');
  t.end();
});
