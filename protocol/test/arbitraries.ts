// Random well-formed values of every message, for round trips.

import fc from 'fast-check';
import { RECORD_KINDS, type Ref, sha256Bytes, toCleanLine, utf8 } from '../src/index.ts';
import { createTestKey } from '../testing/index.ts';

export const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
export const upTo = (max: number, min = 0) => fc.uint8Array({ minLength: min, maxLength: max });
const uints = fc.maxSafeNat();
const line = (max: number) =>
  fc
    .string({ unit: 'grapheme', maxLength: max })
    .map(toCleanLine)
    .filter((text) => utf8(text).length <= max);

const id = bytesOf(32);
const ref: fc.Arbitrary<Ref> = fc.tuple(fc.nat(65_535), id);
const head = fc.tuple(uints, id);
export const re = fc.nat(2 ** 31 - 1);
const flag = fc.constantFrom(0, 1);
const one = fc.constant(1);
const chain = fc.constantFrom('user', 'pool');

/** Points that are on the curve, few, because making keys is slow. */
const POINTS = Array.from({ length: 4 }, () => createTestKey().point);
const point = fc.constantFrom(...POINTS);
const device = fc.record({
  sign: point,
  ecdh: point,
  kind: fc.constantFrom('browser', 'desktop', 'phone', 'anchor'),
});
const capability = fc.constantFrom('full', 'temporary');
const credential = fc.record({
  id: upTo(1023, 1),
  key: upTo(1024, 1),
  rpId: line(255),
  origins: fc.array(line(100), { minLength: 1, maxLength: 8 }),
});
const author = fc.record({ user: ref, head, device: id });
const later = { seq: uints, prev: id, time: uints };

function frame(
  type: string,
  required: Record<string, fc.Arbitrary<unknown>>,
  optional: Record<string, fc.Arbitrary<unknown>> = {},
) {
  const named: Record<string, fc.Arbitrary<unknown>> = { type: fc.constant(type), ...required };
  return fc.record({ ...named, ...optional }, { requiredKeys: Object.keys(named) });
}

const kinded = (
  kind: string,
  required: Record<string, fc.Arbitrary<unknown>>,
  optional: Record<string, fc.Arbitrary<unknown>> = {},
) => {
  const named: Record<string, fc.Arbitrary<unknown>> = {
    v: one,
    kind: fc.constant(kind),
    ...required,
  };
  return fc.record({ ...named, ...optional }, { requiredKeys: Object.keys(named) });
};

export const userStatement = fc.oneof(
  kinded(
    'user.genesis',
    { salt: bytesOf(16), credential, device, expiry: uints, policy: flag },
    { recovery: id },
  ),
  kinded('device.add', { user: ref, ...later, device, capability, expiry: uints }, { enrol: id }),
);

export const poolStatement = fc.oneof(
  kinded('pool.genesis', { salt: bytesOf(16), author }),
  kinded('pool.invite', {
    pool: ref,
    ...later,
    author,
    key: point,
    role: fc.constantFrom('owner', 'member'),
    uses: one,
    expiry: uints,
    approval: flag,
  }),
  kinded('pool.join', { pool: ref, ...later, author, invite: id }),
);

const sig = bytesOf(64);
const expiry = uints;
const storedLink = fc.record({ envelope: upTo(800), time: uints });
export const clientFrame = fc.oneof(
  frame('auth', { re, user: ref, device: id, expiry, sig }),
  frame('enrol', {
    re,
    certificate: upTo(1024),
    credential: upTo(200, 1),
    authData: upTo(200),
    clientData: upTo(400),
    sig: upTo(512),
    handle: id,
  }),
  frame(
    'register',
    { re, genesis: upTo(800), attestation: upTo(800), clientData: upTo(400) },
    { token: id, admission: fc.record({ pool: ref, key: point, sig }) },
  ),
  frame('prove', { re, pool: ref, key: point, expiry, sig }),
  frame('statement', { re, chain, ref, envelope: upTo(800) }),
  frame(
    'offer',
    {
      re,
      chain,
      ref,
      links: fc.array(storedLink, { minLength: 1, maxLength: 8 }),
      evidence: fc.array(storedLink, { maxLength: 8 }),
    },
    { parent: id, pool: ref },
  ),
  frame('fetch', { re, chain, ref, from: uints, fresh: flag }),
  frame('pools', { re }),
  frame('relays', { re }),
  frame('watch', { re, pools: fc.array(ref, { maxLength: 64 }) }),
  frame('signal', { re, pool: ref, to: id, body: upTo(2000, 1) }),
  frame('rendezvous', { re }),
  frame('meet', { re, code: line(8) }),
  frame('pass', { re, body: upTo(2000, 1) }),
  frame('part', { re }),
  frame('ping', { re }),
);

const nodeState = fc.record({ id: bytesOf(16), name: line(16), up: flag });
export const serverFrame = fc.oneof(
  frame(
    'hello',
    {
      version: uints,
      realm: id,
      cluster: bytesOf(16),
      node: bytesOf(16),
      name: line(16),
      nonce: id,
      time: uints,
      nodes: fc.array(nodeState, { maxLength: 5 }),
      stun: fc.array(line(100), { maxLength: 5 }),
      rpId: line(200),
      unclaimed: flag,
    },
    { grace: uints },
  ),
  frame('ok', { re }, { head, time: uints }),
  frame('error', { re, code: line(64) }, { detail: line(200), retryAfterMs: uints }),
  frame(
    'chain',
    {
      re,
      chain,
      ref,
      from: uints,
      links: fc.array(storedLink, { maxLength: 8 }),
      more: flag,
    },
    { head },
  ),
  frame('pools', { re, pools: fc.array(ref, { maxLength: 64 }) }),
  frame(
    'relays',
    {
      re,
      urls: fc.array(line(100), { maxLength: 5 }),
      username: line(120),
      credential: line(200),
    },
    { expiry: uints },
  ),
  frame('presence', {
    pool: ref,
    devices: fc.array(fc.record({ user: ref, device: id, node: line(16) }), { maxLength: 8 }),
  }),
  frame('changed', { chain, ref, head }),
  frame('signal', { pool: ref, user: ref, from: id, body: upTo(2000, 1) }),
  frame('rendezvous', { re, code: line(8), expiry: uints }),
  frame('meeting', { re, address: line(64), nearby: flag }),
  frame('met', {}),
  frame('passed', { body: upTo(2000, 1) }),
  frame('parted', {}),
  frame('meets', { device: id }),
  frame('nodes', { nodes: fc.array(nodeState, { maxLength: 5 }) }),
  frame('drain', { to: fc.array(line(16), { maxLength: 5 }) }),
  frame('pong', { re }),
);

const block = fc.nat(1000);
export const channelFrame = fc.oneof(
  frame('hello', { version: uints, device: id, sig, poolHead: head }),
  frame('vector', { entries: fc.array(fc.tuple(id, bytesOf(16), uints), { maxLength: 20 }) }),
  frame('records', {
    records: fc.array(
      fc.record({ record: upTo(400), salt: id, body: upTo(400) }, { requiredKeys: ['record'] }),
      { minLength: 1, maxLength: 8 },
    ),
  }),
  frame('have', { root: id, blocks: uints, from: block, bits: upTo(1000) }),
  frame('seek', { roots: fc.array(id, { minLength: 1, maxLength: 20 }) }),
  frame('request', { transfer: re, root: id, block }),
  frame('proof', { transfer: re }, { hashes: fc.array(id, { maxLength: 22 }) }),
  frame('cancel', { transfer: re }),
  frame('ping', { time: uints }),
  frame('pong', { time: uints }),
);

const connection = bytesOf(16);
export const peerSignal = fc.oneof(
  frame(
    'description',
    {
      pool: id,
      from: id,
      to: id,
      connection,
      role: fc.constantFrom('offer', 'answer'),
      sdp: upTo(2000, 1),
      time: uints,
      sig,
    },
    { offer: id },
  ),
  frame('candidate', { pool: id, connection, candidate: line(200), mid: line(64) }),
  frame('restart', { pool: id, connection }),
);

export const recordHeader = fc.record({
  pool: id,
  device: id,
  incarnation: bytesOf(16),
  seq: uints,
  previous: id,
  ms: uints,
  counter: fc.nat(65_535),
  poolSeq: uints,
  poolHead: id,
  kind: fc.constantFrom(...RECORD_KINDS),
  content: id,
});

const position = { ref, seq: fc.nat(4096), head: id, timeMs: uints, chainBytes: uints };
export const userState = fc.record(
  {
    ...position,
    handle: id,
    policy: fc.constantFrom(0 as const, 1 as const),
    credentials: fc.array(credential, { minLength: 1, maxLength: 3 }),
    devices: fc.array(
      fc.record({
        id,
        keys: device as fc.Arbitrary<{
          sign: Uint8Array;
          ecdh: Uint8Array;
          kind: 'browser' | 'desktop' | 'phone' | 'anchor';
        }>,
        capability: fc.constantFrom('full' as const, 'temporary' as const),
        expiry: uints,
        addedSeq: uints,
      }),
      { minLength: 1, maxLength: 4 },
    ),
    recovery: id,
  },
  {
    requiredKeys: [
      'ref',
      'seq',
      'head',
      'timeMs',
      'chainBytes',
      'handle',
      'policy',
      'credentials',
      'devices',
    ],
  },
);
const role = fc.constantFrom('owner' as const, 'member' as const);
export const poolState = fc.record({
  ...position,
  members: fc.array(fc.record({ user: ref, role, joinedSeq: uints, userHead: head }), {
    minLength: 1,
    maxLength: 4,
  }),
  invites: fc.array(fc.record({ hash: id, key: point, role, usesLeft: fc.nat(1), expiry: uints }), {
    maxLength: 4,
  }),
});

export const inviteLink = fc.record({
  v: fc.constant(1 as const),
  realm: id,
  pool: ref,
  priv: id,
  pub: point,
});

export const leaf = fc.nat().map((n) => sha256Bytes(utf8(`${n}`)));

const announcement = fc.record({ device, nonce: id });
const introduction = fc.record({ user: ref, head, device: id, nonce: id });
const step = (
  name: string,
  required: Record<string, fc.Arbitrary<unknown>>,
  optional: Record<string, fc.Arbitrary<unknown>> = {},
) => {
  const named = { v: one, step: fc.constant(name), ...required };
  return fc.record({ ...named, ...optional }, { requiredKeys: Object.keys(named) as never });
};
export const meetingBody = fc.oneof(
  step('commit', { commit: id }),
  step('introduce', { introduction }, { mac: id }),
  step('announce', { announcement }),
  step('statement', { link: upTo(800, 1) }),
  step('own', { sig }),
  step('added', {}),
  step('differ', {}),
);
export const meetingLink = fc.record({
  v: fc.constant(1 as const),
  realm: id,
  code: line(8),
  commit: id,
  secret: id,
});
