import { EVIDENCE_BYTES_MAX, encodeCbor, equalBytes, GRACE_MAX_MS } from '@rockpool/protocol';
import { createTestPerson, createTestPool } from '@rockpool/protocol/testing';
import fc from 'fast-check';
import t from 'tap';
import {
  COMMAND_BYTES_MAX,
  commandShape,
  decodeCommand,
  encodeCommand,
} from '../../src/directory/commands.ts';
import { decodeEvent, encodeEvent } from '../../src/directory/events.ts';
import { KEY_PREFIXES, prefixOf, userLinkKey } from '../../src/directory/keys.ts';
import { META_SLOT } from '../../src/directory/ports.ts';
import { decodeReply, encodeReply, type Reply } from '../../src/directory/replies.ts';
import * as rowCodecs from '../../src/directory/rows.ts';
import { MemoryCluster } from './memory-cluster.ts';

const NOW = 1_800_000_000_000;
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });
const ref = fc.tuple(fc.nat(65_535), bytes32);
const time = fc.nat(Number.MAX_SAFE_INTEGER);
const envelope = fc.uint8Array({ minLength: 1, maxLength: 200 });
const evidence = fc.array(fc.record({ envelope, time }), { maxLength: 4 });
const bytes16 = fc.uint8Array({ minLength: 16, maxLength: 16 });
const offered = fc.array(fc.record({ envelope, time }), { minLength: 1, maxLength: 8 });
const hashes = fc.array(bytes32, { minLength: 1, maxLength: 4 });
const chain = fc.constantFrom('user' as const, 'pool' as const);
const admittedBy = fc.oneof(
  fc.constant({ by: 'admin' } as const),
  fc.record({ by: fc.constant('pool' as const), pool: ref }),
);
const kind = <K extends string>(name: K) => fc.constant(name);
const anyCommand = fc.oneof(
  fc.record({ kind: kind('putUserGenesis'), envelope, admittedBy }),
  fc.record({ kind: kind('appendUserLink'), ref, envelope }),
  fc.record({ kind: kind('putPoolGenesis'), envelope, evidence }),
  fc.record({ kind: kind('appendPoolLink'), ref, envelope, evidence }),
  fc.record({ kind: kind('memberJoined'), user: ref, pool: ref }),
  fc.record({ kind: kind('outboxDone'), id: bytes32 }),
  fc.record({ kind: kind('dropPending'), user: ref }),
  fc.record({ kind: kind('openGrace'), grace: bytes16, lengthMs: fc.nat(GRACE_MAX_MS) }),
  fc.record({ kind: kind('beginGrace'), grace: bytes16 }),
  fc.record({ kind: kind('endGrace'), grace: bytes16 }),
  fc.record(
    { kind: kind('collectUserLinks'), ref, links: offered, parent: bytes32, pool: ref },
    { requiredKeys: ['kind', 'ref', 'links'] },
  ),
  fc.record(
    { kind: kind('collectPoolLinks'), ref, links: offered, evidence, parent: bytes32 },
    { requiredKeys: ['kind', 'ref', 'links', 'evidence'] },
  ),
  fc.record(
    { kind: kind('settleChain'), chain, ref, links: hashes, tips: hashes, tip: bytes32 },
    { requiredKeys: ['kind', 'chain', 'ref', 'links', 'tips'] },
  ),
  fc.record({ kind: kind('setFirstAdmin'), tokenHash: bytes32, expiry: time }),
  fc.record({ kind: kind('claimAdmin'), tokenHash: bytes32, user: ref }),
);

/** Without a row that they are about, or about the group alone. */
const HARMLESS = new Set(['outboxDone', 'dropPending', 'settleChain', 'openGrace']);

t.test('every command comes back from its bytes as it went in', (t) => {
  fc.assert(
    fc.property(anyCommand, (command) => {
      const bytes = encodeCommand(command);
      const decoded = decodeCommand(bytes);
      if (!decoded.ok || commandShape(decoded.value) !== undefined) return false;
      return decoded.value.kind === command.kind && equalBytes(encodeCommand(decoded.value), bytes);
    }),
    { numRuns: 100 },
  );
  t.end();
});

t.test('[DIR-1] random bytes as command are refused, read nothing and write nothing', (t) => {
  const cluster = new MemoryCluster(NOW);
  fc.assert(
    fc.property(fc.integer({ min: META_SLOT, max: 65_535 }), fc.uint8Array(), (slot, bytes) => {
      return !cluster.apply(slot, bytes).ok;
    }),
  );
  fc.assert(
    fc.property(fc.integer({ min: META_SLOT, max: 65_535 }), anyCommand, (slot, command) => {
      const reply = cluster.apply(slot, command);
      return !reply.ok || HARMLESS.has(command.kind);
    }),
  );
  t.same(
    cluster.dump().filter((row) => !row.startsWith('group ')),
    [],
  );
  t.end();
});

t.test('[DIR-1] real commands with flipped bits never throw and never write another chain', (t) => {
  const cluster = new MemoryCluster(NOW);
  const person = createTestPerson({ nowMs: NOW });
  const pool = createTestPool(person, { nowMs: NOW });
  const [userSlot, poolSlot] = [person.ref[0], pool.ref[0]];
  const genesis = encodeCommand({
    kind: 'putUserGenesis',
    envelope: person.genesis,
    admittedBy: { by: 'admin' },
  });
  const founding = encodeCommand({
    kind: 'putPoolGenesis',
    envelope: pool.genesis,
    evidence: person.links,
  });
  const flips = fc.record({ at: fc.nat(), bit: fc.nat(7), pool: fc.boolean() });
  fc.assert(
    fc.property(flips, ({ at, bit, pool: isPool }) => {
      const bytes = (isPool ? founding : genesis).slice();
      bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
      const reply = cluster.apply(isPool ? poolSlot : userSlot, bytes);
      // What is not signed: an evidence link's log time.
      return !reply.ok || isPool;
    }),
    { numRuns: 300 },
  );
  t.equal(cluster.count('u'), 0);
  t.ok(cluster.count('p') <= 1);
  t.end();
});

t.test('[DIR-1] too much evidence, an unknown field, kind or version is refused', (t) => {
  const link = { envelope: new Uint8Array(8192), time: 1 };
  const fits = { kind: 'putPoolGenesis', envelope: new Uint8Array(9), evidence: [link] } as const;
  const tooMuch = { ...fits, evidence: Array(EVIDENCE_BYTES_MAX / 8192 + 1).fill(link) };
  t.equal(decodeCommand(encodeCommand(fits)).ok, true);
  t.match(decodeCommand(encodeCommand(tooMuch)), { ok: false, code: 'PROTOCOL_TOO_LARGE' });
  const tooLarge = new Uint8Array(COMMAND_BYTES_MAX + 1);
  t.match(decodeCommand(tooLarge), { ok: false, code: 'PROTOCOL_TOO_LARGE' });
  const bad: readonly object[] = [
    { v: 1, ...fits, more: 1 },
    { v: 2, ...fits },
    { v: 1, kind: 'grantEverything' },
    { v: 1, kind: 'putPoolGenesis', envelope: new Uint8Array(9) },
  ];
  for (const value of bad) {
    t.match(decodeCommand(encodeCbor(value)), { ok: false, code: 'PROTOCOL_MALFORMED' });
  }
  t.end();
});

t.test('[DIR-7] replies and events come back from their bytes; random bytes are refused', (t) => {
  const head: [number, Uint8Array] = [3, new Uint8Array(32)];
  const replies: readonly Reply[] = [
    { ok: true },
    { ok: true, head, time: NOW },
    { ok: false, code: 'CHAIN_CONFLICT', detail: 'another link', head },
    { ok: false, code: 'CHAIN_UNKNOWN', detail: '' },
  ];
  for (const reply of replies) {
    t.strictSame(decodeReply(encodeReply(reply)), { ok: true, value: reply });
  }
  const quoted: Reply = { ok: false, code: 'INTERNAL', detail: `${'x'.repeat(300)}\u202e` };
  t.equal(decodeReply(encodeReply(quoted)).ok, true, 'details are cut and cleaned');
  const unknown = encodeCbor({ v: 1, reply: 'error', code: 'NO_SUCH_CODE', detail: '' });
  t.equal(decodeReply(unknown).ok, false);
  const id = new Uint8Array(32);
  const event = { event: 'poolChanged', pool: [1, id], head } as const;
  t.strictSame(decodeEvent(encodeEvent(event)), { ok: true, value: { v: 1, ...event } });
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => !decodeReply(bytes).ok && !decodeEvent(bytes).ok),
  );
  t.end();
});

t.test('rows come back from their bytes; anything else is damage and stops the node', (t) => {
  const rows = [
    codecOf(rowCodecs.userPoolsRow, fc.record({ pools: fc.array(ref, { maxLength: 5 }) })),
    codecOf(rowCodecs.pendingAccountRow, fc.record({ since: time, pool: ref })),
    codecOf(
      rowCodecs.outboxRow,
      fc.record({ kind: fc.constant('memberJoined' as const), user: ref, pool: ref }),
    ),
    codecOf(
      rowCodecs.firstAdminRow,
      fc.record(
        { tokenHash: bytes32, expiry: time, claimed: ref },
        { requiredKeys: ['tokenHash', 'expiry'] },
      ),
    ),
    codecOf(rowCodecs.adminsRow, fc.record({ users: fc.array(ref, { maxLength: 5 }) })),
    codecOf(rowCodecs.handleRow, fc.record({ id: bytes32 })),
    codecOf(rowCodecs.linkRow, fc.record({ envelope, time })),
  ];
  for (const { written, newer, again } of rows) {
    fc.assert(fc.property(written, (bytes) => equalBytes(again(bytes), bytes)));
    fc.assert(
      fc.property(written, fc.nat(), (bytes, cut) => {
        t.throws(() => again(bytes.subarray(0, cut % bytes.length)), { message: /unreadable/ });
      }),
      { numRuns: 5 },
    );
    fc.assert(
      fc.property(newer, (bytes) => {
        t.throws(() => again(bytes), { message: /unreadable/ });
      }),
      { numRuns: 5 },
    );
  }
  t.end();
});

/** Bytes of random rows, and what reading and writing them again makes of bytes. */
function codecOf<T extends object>(
  row: { encode(value: T): Uint8Array; decode(bytes: Uint8Array): T },
  values: fc.Arbitrary<T>,
) {
  return {
    written: values.map((value) => row.encode(value)),
    newer: values.map((value) => encodeCbor({ ...value, v: 2 })),
    again: (bytes: Uint8Array) => row.encode(row.decode(bytes)),
  };
}

t.test('row keys are told apart by their first byte and sort by seq', (t) => {
  const prefixes = Object.values(KEY_PREFIXES);
  t.equal(new Set(prefixes).size, prefixes.length);
  t.same(prefixOf('userState'), new TextEncoder().encode('u'));
  const id = new Uint8Array(32).fill(9);
  const [low, high] = [Buffer.from(userLinkKey(id, 255)), Buffer.from(userLinkKey(id, 256))];
  t.equal(Buffer.compare(low, high), -1);
  t.end();
});
