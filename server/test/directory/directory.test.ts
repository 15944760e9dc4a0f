import {
  DEVICE_LIFE_MAX_MS,
  encodeCbor,
  encodeEnvelope,
  type Head,
  MEETING_TRIES_MAX,
  MEETING_TRIES_WINDOW_MS,
  peekUserStatement,
  type Ref,
  signInput,
  slotOf,
} from '@rockpool/protocol';
import {
  createTestDevice,
  createTestPerson,
  createTestPool,
  deviceSignature,
  type TestPerson,
  type TestPool,
} from '@rockpool/protocol/testing';
import t from 'tap';
import { PENDING_ACCOUNT_DROP_MS, PENDING_ACCOUNT_MAX_MS } from '../../src/directory/apply-user.ts';
import { META_SLOT } from '../../src/directory/ports.ts';
import {
  admins,
  chainPage,
  firstAdmin,
  memberEvidence,
  poolState,
  poolsOf,
  userByHandle,
  userState,
} from '../../src/directory/queries.ts';
import type { Reply } from '../../src/directory/replies.ts';
import { MemoryCluster } from './memory-cluster.ts';

const NOW = 1_800_000_000_000;
const ADMIN = { by: 'admin' } as const;
const FOREIGN: Ref = [7, new Uint8Array(32).fill(7)];

function codeOf(reply: Reply): string {
  return reply.ok ? 'ok' : reply.code;
}

function registered(cluster: MemoryCluster, options = {}): TestPerson {
  const person = createTestPerson({ nowMs: NOW, ...options });
  const command = { kind: 'putUserGenesis', envelope: person.genesis, admittedBy: ADMIN } as const;
  const reply = cluster.apply(person.ref[0], command);
  if (!reply.ok) throw new Error(reply.code);
  return person;
}

/** A pool on the cluster; `evidence` of the owner from the genesis on. */
function founded(cluster: MemoryCluster, owner: TestPerson): TestPool {
  const pool = createTestPool(owner, { nowMs: NOW });
  const command = {
    kind: 'putPoolGenesis',
    envelope: pool.genesis,
    evidence: owner.links,
  } as const;
  const reply = cluster.apply(pool.ref[0], command);
  if (!reply.ok) throw new Error(reply.code);
  return pool;
}

function append(
  cluster: MemoryCluster,
  pool: TestPool,
  envelope: Uint8Array,
  evidence: TestPerson['links'],
): Reply {
  return cluster.apply(pool.ref[0], { kind: 'appendPoolLink', ref: pool.ref, envelope, evidence });
}

/** The person's own genesis, its signature made by another key. */
function wronglySigned(person: TestPerson): Uint8Array {
  const opened = peekUserStatement(person.genesis);
  if (!opened.ok) throw new Error(opened.code);
  const { link } = opened.value.envelope;
  const sig = createTestDevice().sign(signInput('stmt', link));
  const { id } = person.device;
  return encodeEnvelope({ v: 1, link, sigs: [{ by: 'device', device: id, sig }] });
}

t.test('a user genesis begins a chain that a passkey finds by its handle', async (t) => {
  const cluster = new MemoryCluster(NOW);
  const person = registered(cluster);
  t.equal(person.ref[0], slotOf(person.handle));
  t.same(await userByHandle(cluster, person.handle), person.state);
  t.same(await chainPage(cluster, 'user', person.ref, 0), { links: person.links, more: false });
  t.match(cluster.events, [{ event: 'userChanged', user: person.ref, head: person.head }]);
  t.equal(await userByHandle(cluster, new Uint8Array(32)), undefined);
  t.equal(await chainPage(cluster, 'user', FOREIGN, 0), undefined);
});

t.test('[DIR-2] a command in another slot changes nothing', (t) => {
  const cluster = new MemoryCluster(NOW);
  const person = createTestPerson({ nowMs: NOW });
  const genesis = { kind: 'putUserGenesis', envelope: person.genesis, admittedBy: ADMIN } as const;
  const elsewhere = (person.ref[0] + 1) % 65_536;
  t.equal(codeOf(cluster.apply(elsewhere, genesis)), 'CHAIN_UNKNOWN');
  t.equal(codeOf(cluster.apply(META_SLOT, genesis)), 'CHAIN_UNKNOWN');
  const outboxDone = { kind: 'outboxDone', id: new Uint8Array(32) } as const;
  t.equal(codeOf(cluster.apply(META_SLOT, outboxDone)), 'CHAIN_UNKNOWN');
  const claim = { kind: 'claimAdmin', tokenHash: new Uint8Array(32), user: FOREIGN } as const;
  t.equal(codeOf(cluster.apply(5, claim)), 'CHAIN_UNKNOWN');
  t.same(cluster.dump(), []);
  t.same(cluster.events, []);
  t.end();
});

t.test('[DIR-3] a genesis whose signature does not hold is refused by apply itself', (t) => {
  const cluster = new MemoryCluster(NOW);
  const person = createTestPerson({ nowMs: NOW });
  const forged = wronglySigned(person);
  const command = { kind: 'putUserGenesis', envelope: forged, admittedBy: ADMIN } as const;
  t.equal(codeOf(cluster.apply(person.ref[0], command)), 'CHAIN_SIGNATURE');
  cluster.timeMs = NOW + 200 * 24 * 3600 * 1000;
  const late = { ...command, envelope: person.genesis };
  t.equal(codeOf(cluster.apply(person.ref[0], late)), 'CHAIN_EXPIRED', 'judged by log time');
  t.same(cluster.dump(), []);
  t.end();
});

t.test('[DIR-5] a statement is answered as done for ever, another in its place is not', (t) => {
  const cluster = new MemoryCluster(NOW);
  const person = registered(cluster);
  const { ref } = person;
  const first = person.deviceAdd();
  const other = person.deviceAdd();
  const add = { kind: 'appendUserLink', ref, envelope: first.envelope } as const;
  const done = cluster.apply(ref[0], add);
  person.append(first.envelope);
  t.same(done, { ok: true, head: person.head, time: NOW });
  const before = cluster.dump();
  cluster.timeMs += 1000 * 24 * 3600 * 1000;
  t.same(cluster.apply(ref[0], add), done, 'long after the certificate expired');
  const genesis = { kind: 'putUserGenesis', envelope: person.genesis, admittedBy: ADMIN } as const;
  t.same(cluster.apply(ref[0], genesis), { ok: true, head: [0, ref[1]], time: NOW });
  const conflict = cluster.apply(ref[0], { ...add, envelope: other.envelope });
  t.match(conflict, { ok: false, code: 'CHAIN_CONFLICT', head: person.head });
  t.same(cluster.dump(), before);
  t.end();
});

t.test('a user link for nobody, for another user, or a genesis as a link is refused', (t) => {
  const cluster = new MemoryCluster(NOW);
  const person = registered(cluster);
  const stranger = createTestPerson({ nowMs: NOW });
  const { envelope } = stranger.deviceAdd();
  const link = (ref: Ref, bytes: Uint8Array) =>
    codeOf(cluster.apply(ref[0], { kind: 'appendUserLink', ref, envelope: bytes }));
  const before = cluster.dump();
  t.equal(link(stranger.ref, envelope), 'CHAIN_UNKNOWN');
  t.equal(link(person.ref, envelope), 'CHAIN_MALFORMED');
  t.equal(link(stranger.ref, stranger.genesis), 'CHAIN_UNKNOWN');
  t.equal(link(person.ref, new Uint8Array(9)), 'CHAIN_MALFORMED');
  const gap = createTestPerson({ nowMs: NOW });
  gap.append(gap.deviceAdd().envelope);
  t.equal(link(gap.ref, gap.deviceAdd().envelope), 'CHAIN_UNKNOWN');
  t.same(cluster.dump(), before);
  t.end();
});

t.test('a link after a gap is a conflict that names the head', (t) => {
  const cluster = new MemoryCluster(NOW);
  const person = registered(cluster);
  const { ref, head } = person;
  person.append(person.deviceAdd().envelope);
  const { envelope } = person.deviceAdd();
  const reply = cluster.apply(ref[0], { kind: 'appendUserLink', ref, envelope });
  t.match(reply, { ok: false, code: 'CHAIN_CONFLICT', head });
  t.end();
});

t.test('[DIR-6] a handle belongs to one user', (t) => {
  const cluster = new MemoryCluster(NOW);
  const person = registered(cluster);
  const opened = peekUserStatement(person.genesis);
  if (!opened.ok) throw new Error(opened.code);
  const { credential } = createTestPerson({ nowMs: NOW }).passkey;
  const link = encodeCbor({ ...opened.value.statement, credential });
  const envelope = encodeEnvelope({ v: 1, link, sigs: [deviceSignature(person.device, link)] });
  const before = cluster.dump();
  const twin = { kind: 'putUserGenesis', envelope, admittedBy: ADMIN } as const;
  t.equal(codeOf(cluster.apply(person.ref[0], twin)), 'CHAIN_USED');
  t.same(cluster.dump(), before);
  t.end();
});

t.test(
  '[DIR-8] a join brings the evidence of an author that the pool has never seen',
  async (t) => {
    const cluster = new MemoryCluster(NOW);
    const owner = registered(cluster);
    const guest = registered(cluster);
    const pool = founded(cluster, owner);
    const invite = pool.invite(owner);
    t.equal(codeOf(append(cluster, pool, invite.envelope, [])), 'ok', 'the owner is known');
    pool.append(invite.envelope, owner);
    guest.append(guest.deviceAdd().envelope);
    const join = pool.join(guest, invite);
    t.equal(codeOf(append(cluster, pool, join, [])), 'CHAIN_STALE', 'no evidence');
    t.equal(
      codeOf(append(cluster, pool, join, guest.links.slice(1))),
      'CHAIN_STALE',
      'a late begin',
    );
    t.equal(
      codeOf(append(cluster, pool, join, guest.links.slice(0, 1))),
      'CHAIN_STALE',
      'early end',
    );
    const reply = append(cluster, pool, join, guest.links);
    pool.append(join, guest);
    t.same(reply, { ok: true, head: pool.head, time: NOW });
    t.same(await poolState(cluster, pool.ref), pool.state);
    t.same(await memberEvidence(cluster, pool.ref, guest.ref), guest.state);
    t.match(cluster.events.slice(-2), [
      { event: 'poolChanged', pool: pool.ref, head: pool.head, joined: guest.ref },
      { event: 'outboxAdded', id: pool.state.head },
    ]);
    t.same(append(cluster, pool, join, []), reply, 'and is done for ever');
    t.equal(codeOf(append(cluster, pool, pool.join(guest, invite), [])), 'CHAIN_USED');
  },
);

t.test('[DIR-9] authority from an older head than the pool has seen does not count', async (t) => {
  const cluster = new MemoryCluster(NOW);
  const owner = registered(cluster);
  const pool = founded(cluster, owner);
  const old = pool.invite(owner);
  owner.append(owner.deviceAdd().envelope);
  const fresh = pool.invite(owner);
  const news = owner.links.slice(1);
  t.equal(codeOf(append(cluster, pool, fresh.envelope, [])), 'CHAIN_STALE', 'not yet seen here');
  t.equal(
    codeOf(append(cluster, pool, fresh.envelope, owner.links)),
    'ok',
    'known ones are skipped',
  );
  pool.append(fresh.envelope, owner);
  t.same(await memberEvidence(cluster, pool.ref, owner.ref), owner.state);
  t.match(append(cluster, pool, old.envelope, []), { code: 'CHAIN_CONFLICT', head: pool.head });
  const twin = createTestPool(owner, { nowMs: NOW });
  t.equal(codeOf(append(cluster, twin, twin.invite(owner).envelope, news)), 'CHAIN_UNKNOWN');
});

t.test('[DIR-9] a link that cites the older head is stale, another head is a fork', (t) => {
  const cluster = new MemoryCluster(NOW);
  const owner = registered(cluster);
  const pool = founded(cluster, owner);
  const other = owner.deviceAdd().envelope;
  const opened = peekUserStatement(other);
  if (!opened.ok) throw new Error(opened.code);
  const citing = (head: Head): TestPerson => ({
    ...owner,
    author: () => ({ user: owner.ref, head, device: owner.device.id }),
  });
  const oldHead = owner.head;
  owner.append(owner.deviceAdd().envelope);
  const invite = pool.invite(owner);
  t.equal(codeOf(append(cluster, pool, invite.envelope, owner.links)), 'ok');
  pool.append(invite.envelope, owner);
  const before = cluster.dump();
  const stale = pool.invite(citing(oldHead)).envelope;
  t.equal(codeOf(append(cluster, pool, stale, [])), 'CHAIN_STALE');
  const forked = pool.invite(citing([1, opened.value.hash])).envelope;
  t.equal(codeOf(append(cluster, pool, forked, [])), 'CHAIN_FORK');
  const evidence = [{ envelope: other, time: NOW }];
  t.equal(codeOf(append(cluster, pool, forked, evidence)), 'CHAIN_FORK');
  t.same(cluster.dump(), before);
  t.end();
});

t.test('[DIR-10] nobody writes with the evidence of somebody else', (t) => {
  const cluster = new MemoryCluster(NOW);
  const owner = registered(cluster);
  const stranger = registered(cluster);
  const pool = founded(cluster, owner);
  const { envelope } = pool.invite(stranger);
  t.equal(codeOf(append(cluster, pool, envelope, owner.links)), 'CHAIN_AUTHORITY');
  t.equal(codeOf(append(cluster, pool, envelope, stranger.links)), 'CHAIN_AUTHORITY', 'no member');
  const forged = [{ envelope: wronglySigned(stranger), time: NOW }];
  const twin = createTestPool(stranger, { nowMs: NOW });
  const genesis = { kind: 'putPoolGenesis', envelope: twin.genesis, evidence: forged } as const;
  t.equal(codeOf(cluster.apply(twin.ref[0], genesis)), 'CHAIN_SIGNATURE', 'evidence is verified');
  t.end();
});

t.test('a pool begins with a genesis and goes on with links', (t) => {
  const cluster = new MemoryCluster(NOW);
  const owner = registered(cluster);
  const pool = createTestPool(owner, { nowMs: NOW });
  const [slot] = pool.ref;
  const evidence = owner.links;
  const invite = pool.invite(owner).envelope;
  const put = { kind: 'putPoolGenesis', envelope: pool.genesis, evidence } as const;
  t.equal(codeOf(append(cluster, pool, invite, evidence)), 'CHAIN_UNKNOWN', 'no such pool');
  t.equal(codeOf(append(cluster, pool, pool.genesis, evidence)), 'CHAIN_MALFORMED');
  t.equal(codeOf(cluster.apply(slot, { ...put, envelope: invite })), 'CHAIN_MALFORMED');
  t.equal(codeOf(cluster.apply(slot, put)), 'ok');
  t.same(cluster.apply(slot, put), { ok: true, head: [0, pool.ref[1]], time: NOW }, 'once more');
  const elsewhere = createTestPool(owner, { nowMs: NOW });
  t.equal(codeOf(append(cluster, pool, elsewhere.invite(owner).envelope, [])), 'CHAIN_MALFORMED');
  t.end();
});

t.test(
  '[DIR-13] an account that never joins is dropped after an hour, with all its rows',
  async (t) => {
    const cluster = new MemoryCluster(NOW);
    const person = createTestPerson({ nowMs: NOW });
    const [slot] = person.ref;
    const admittedBy = { by: 'pool', pool: FOREIGN } as const;
    cluster.apply(slot, { kind: 'putUserGenesis', envelope: person.genesis, admittedBy });
    const { envelope } = person.deviceAdd();
    cluster.apply(slot, { kind: 'appendUserLink', ref: person.ref, envelope });
    const tried = { kind: 'tryMeeting', user: person.ref, device: person.device.id } as const;
    t.equal(codeOf(cluster.apply(slot, tried)), 'ok');
    const drop = { kind: 'dropPending', user: person.ref } as const;
    cluster.timeMs = NOW + PENDING_ACCOUNT_DROP_MS - 1;
    t.equal(codeOf(cluster.apply(slot, drop)), 'CHAIN_CONFLICT');
    t.not(await userState(cluster, person.ref), undefined);
    cluster.timeMs++;
    t.equal(codeOf(cluster.apply(slot, drop)), 'ok');
    t.same(cluster.dump(), []);
    t.match(cluster.events.at(-1), { event: 'userDropped', user: person.ref });
    t.equal(codeOf(cluster.apply(slot, drop)), 'ok', 'again');
  },
);

t.test('[DIR-13] a join, or admission by the operator, keeps an account for good', async (t) => {
  const cluster = new MemoryCluster(NOW);
  const joined = createTestPerson({ nowMs: NOW });
  const admittedBy = { by: 'pool', pool: FOREIGN } as const;
  cluster.apply(joined.ref[0], { kind: 'putUserGenesis', envelope: joined.genesis, admittedBy });
  const message = { kind: 'memberJoined', user: joined.ref, pool: FOREIGN } as const;
  t.equal(codeOf(cluster.apply(joined.ref[0], message)), 'ok');
  const admin = registered(cluster);
  cluster.timeMs = NOW + 2 * PENDING_ACCOUNT_MAX_MS;
  for (const { ref } of [joined, admin]) {
    t.equal(codeOf(cluster.apply(ref[0], { kind: 'dropPending', user: ref })), 'ok');
    t.not(await userState(cluster, ref), undefined);
  }
});

t.test('[DIR-12] a message about a join counts once, and the list ends at 64 pools', async (t) => {
  const cluster = new MemoryCluster(NOW);
  const person = registered(cluster);
  const pools = Array.from({ length: 65 }, (_, i): Ref => [i, new Uint8Array(32).fill(i)]);
  const tell = (pool: Ref) =>
    codeOf(cluster.apply(person.ref[0], { kind: 'memberJoined', user: person.ref, pool }));
  for (const pool of pools.slice(0, 64)) t.equal(tell(pool), 'ok');
  const before = cluster.dump();
  t.equal(tell(pools[3] ?? FOREIGN), 'ok');
  t.equal(tell(pools[64] ?? FOREIGN), 'CHAIN_QUOTA');
  t.same(cluster.dump(), before);
  t.same(await poolsOf(cluster, person.ref), pools.slice(0, 64));
  const nobody = { kind: 'memberJoined', user: FOREIGN, pool: FOREIGN } as const;
  t.equal(codeOf(cluster.apply(FOREIGN[0], nobody)), 'CHAIN_UNKNOWN');
});

t.test('[DIR-14] the first-admin link works once, for one user, and within its hour', async (t) => {
  const cluster = new MemoryCluster(NOW);
  const tokenHash = new Uint8Array(32).fill(1);
  const other = new Uint8Array(32).fill(2);
  const [user, rival]: [Ref, Ref] = [
    [1, tokenHash],
    [2, other],
  ];
  const set = { kind: 'setFirstAdmin', tokenHash, expiry: NOW + 3_600_000 } as const;
  const claim = { kind: 'claimAdmin', tokenHash, user } as const;
  const meta = (command: typeof set | typeof claim) => codeOf(cluster.apply(META_SLOT, command));
  t.equal(meta(claim), 'AUTH_ADMISSION', 'no link');
  t.equal(meta({ ...set, expiry: NOW }), 'CHAIN_EXPIRED');
  t.equal(meta({ ...set, expiry: NOW + 86_400_000 }), 'CHAIN_MALFORMED');
  t.equal(meta(set), 'ok');
  t.equal(meta({ ...claim, tokenHash: other }), 'AUTH_ADMISSION', 'another token');
  t.equal(meta(claim), 'ok');
  t.equal(meta({ ...claim, user: rival }), 'AUTH_ADMISSION', 'used');
  cluster.timeMs += 7_200_000;
  t.equal(meta(claim), 'ok', 'the same user, later');
  t.same(await admins(cluster), [user]);
  t.match(cluster.events, [{ event: 'adminClaimed', user }]);
  const replaced = { ...set, tokenHash: other, expiry: cluster.timeMs + 3_600_000 };
  t.equal(meta(replaced), 'ok');
  cluster.timeMs += 3_600_000;
  t.equal(meta({ ...claim, tokenHash: other, user: rival }), 'AUTH_ADMISSION', 'expired');
  t.match(await firstAdmin(cluster), { tokenHash: other });
});

t.test(
  '[DIR-15] codes of new devices are counted in the log, five in a quarter of an hour',
  (t) => {
    const cluster = new MemoryCluster(NOW);
    const person = registered(cluster);
    const tried = (device = person.device.id) =>
      codeOf(cluster.apply(person.ref[0], { kind: 'tryMeeting', user: person.ref, device }));
    t.equal(tried(new Uint8Array(32)), 'AUTH_DEVICE_UNKNOWN');
    for (let i = 0; i < MEETING_TRIES_MAX; i++) t.equal(tried(), 'ok');
    t.match(cluster.events.at(-1), { event: 'userMeets', device: person.device.id });
    t.equal(tried(), 'LINK_TRIES');
    cluster.timeMs += MEETING_TRIES_WINDOW_MS - 1;
    t.equal(tried(), 'LINK_TRIES');
    cluster.timeMs += 1;
    t.equal(tried(), 'ok', 'the window is over');
    cluster.timeMs = NOW + DEVICE_LIFE_MAX_MS;
    t.equal(tried(), 'AUTH_DEVICE_UNKNOWN', 'an expired device tries nothing');
    t.end();
  },
);

t.test(
  '[DIR-15] a device that another one added ends the count, a temporary one cannot try',
  (t) => {
    const cluster = new MemoryCluster(NOW);
    const person = registered(cluster);
    const append = (envelope: Uint8Array) =>
      codeOf(cluster.apply(person.ref[0], { kind: 'appendUserLink', ref: person.ref, envelope }));
    const tried = (device = person.device.id) =>
      codeOf(cluster.apply(person.ref[0], { kind: 'tryMeeting', user: person.ref, device }));
    for (let i = 0; i < MEETING_TRIES_MAX; i++) tried();
    const temporary = person.deviceAdd({ capability: 'temporary' });
    t.equal(append(temporary.envelope), 'ok');
    person.append(temporary.envelope);
    t.equal(tried(), 'LINK_TRIES', 'a passkey says nothing about codes');
    t.equal(tried(temporary.device.id), 'CHAIN_AUTHORITY');
    const byDevice = person.deviceAdd({ by: person.device });
    t.equal(append(byDevice.envelope), 'ok');
    t.equal(tried(), 'ok');
    t.end();
  },
);
