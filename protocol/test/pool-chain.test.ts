import t from 'tap';
import {
  type Bytes,
  encodeCbor,
  findMember,
  findUsableInvite,
  INVITE_LIFE_MAX_MS,
  type JudgedPool,
  judgePool,
  linkHash,
  POOL_MEMBERS_MAX,
  type PoolState,
  peekPoolStatement,
  type Result,
  slotOf,
  type UserState,
} from '../src/index.ts';
import {
  createTestDevice,
  createTestPerson,
  createTestPool,
  deviceSignature,
  verifyChecks,
} from '../testing/index.ts';
import { envelopeOf, withEnvelope, withStatement } from './forge.ts';

const NOW = 1_800_000_000_000;

const code = (result: Result<JudgedPool>) => (result.ok ? 'accepted' : result.code);
const judge = (state: PoolState | undefined, envelope: Bytes, author: UserState, timeMs = NOW) =>
  code(judgePool(state, envelope, timeMs, author));

function counts(state: PoolState | undefined, envelope: Bytes, author: UserState): boolean {
  const judged = judgePool(state, envelope, NOW, author);
  return judged.ok && verifyChecks(judged.value.checks);
}

const person = () => createTestPerson({ nowMs: NOW });
const olga = person();
const mara = person();
const pool = createTestPool(olga, { nowMs: NOW });
pool.admit(mara, olga);

t.test(
  '[POOL-1] a pool begins with its owner, and its id and slot follow from the genesis',
  async (t) => {
    const { genesis, ref } = pool;
    const { link } = envelopeOf(genesis);
    t.ok(counts(undefined, genesis, olga.state));
    t.strictSame(ref, [slotOf(linkHash(link)), linkHash(link)]);
    const judged = judgePool(undefined, genesis, NOW, olga.state);
    const members = judged.ok ? judged.value.state.members : [];
    t.match(members, [{ user: olga.ref, role: 'owner', joinedSeq: 0 }]);
    t.equal(judge(pool.state, genesis, olga.state), 'CHAIN_CONFLICT');
    t.equal(judge(undefined, pool.invite(olga).envelope, olga.state), 'CHAIN_UNKNOWN');
    t.equal(
      judge(undefined, withStatement(genesis, { kind: 'pool.close' }), olga.state),
      'CHAIN_UNKNOWN_KIND',
    );
    t.equal(judge(undefined, withStatement(genesis, { name: 'x' }), olga.state), 'CHAIN_MALFORMED');
    t.equal(judge(undefined, olga.genesis, olga.state), 'CHAIN_UNKNOWN_KIND');
    t.equal(judge(undefined, new Uint8Array(3), olga.state), 'CHAIN_MALFORMED');
    const peeked = peekPoolStatement(genesis);
    t.match(peeked, { ok: true, value: { seq: 0, pool: ref, author: { device: olga.device.id } } });
  },
);

t.test('[POOL-2] a link is judged with its author at exactly the head it cites', async (t) => {
  const { envelope } = pool.invite(olga);
  t.equal(judge(pool.state, envelope, mara.state), 'CHAIN_AUTHORITY', 'another author');
  const ahead = { ...olga.state, seq: 1, head: new Uint8Array(32) };
  t.equal(judge(pool.state, envelope, ahead), 'CHAIN_STALE', 'another head');
  const [slot, id] = olga.ref;
  const moved = withStatement(envelope, { author: { ...olga.author(), user: [slot ^ 1, id] } });
  t.equal(judge(pool.state, moved, olga.state), 'CHAIN_AUTHORITY', 'another slot');
});

t.test(
  '[POOL-2] only a full device that has not expired signs, and the one the author names',
  async (t) => {
    const owner = person();
    const temporary = owner.deviceAdd({ capability: 'temporary' });
    owner.append(temporary.envelope);
    const mine = createTestPool(owner, { nowMs: NOW });
    const { envelope } = mine.invite(owner);
    t.ok(counts(mine.state, envelope, owner.state));
    const late = NOW + 90 * 24 * 3_600_000;
    t.equal(judge(mine.state, envelope, owner.state, late), 'CHAIN_EXPIRED');
    const byTemporary = mine.invite(owner, { device: temporary.device }).envelope;
    t.equal(judge(mine.state, byTemporary, owner.state), 'CHAIN_AUTHORITY');
    const byStranger = mine.invite(owner, { device: createTestDevice() }).envelope;
    t.equal(judge(mine.state, byStranger, owner.state), 'CHAIN_AUTHORITY');
    const { link } = envelopeOf(envelope);
    const signedByOther = withEnvelope(envelope, {
      sigs: [deviceSignature(temporary.device, link)],
    });
    t.equal(judge(mine.state, signedByOther, owner.state), 'CHAIN_AUTHORITY');
    const forged = { ...deviceSignature(temporary.device, link), device: owner.device.id };
    t.notOk(counts(mine.state, withEnvelope(envelope, { sigs: [forged] }), owner.state));
    t.equal(
      judge(mine.state, withEnvelope(envelope, { own: new Uint8Array(64) }), owner.state),
      'CHAIN_MALFORMED',
    );
    const doubled = [...envelopeOf(envelope).sigs, ...envelopeOf(envelope).sigs];
    t.equal(
      judge(mine.state, withEnvelope(envelope, { sigs: doubled }), owner.state),
      'CHAIN_AUTHORITY',
    );
  },
);

t.test('[POOL-3] a member never cites an older head of its own chain than before', async (t) => {
  const owner = person();
  const before = owner.state;
  const mine = createTestPool(owner, { nowMs: NOW });
  const old = mine.invite(owner).envelope;
  owner.append(owner.deviceAdd().envelope);
  mine.append(mine.invite(owner).envelope, owner);
  t.strictSame(findMember(mine.state, owner.ref)?.userHead, owner.head);
  const place = { seq: mine.state.seq + 1, prev: mine.state.head };
  t.equal(judge(mine.state, withStatement(old, place), before), 'CHAIN_STALE');
  const forked = { ...owner.state, head: new Uint8Array(32) };
  const author = { ...owner.author(), head: [forked.seq, forked.head] };
  t.equal(judge(mine.state, withStatement(old, { ...place, author }), forked), 'CHAIN_FORK');
});

t.test('[POOL-4] owners invite owners and members; members do not invite', async (t) => {
  t.ok(counts(pool.state, pool.invite(olga).envelope, olga.state));
  t.ok(counts(pool.state, pool.invite(olga, { role: 'owner' }).envelope, olga.state));
  t.equal(judge(pool.state, pool.invite(mara).envelope, mara.state), 'CHAIN_AUTHORITY');
  const stranger = person();
  t.equal(judge(pool.state, pool.invite(stranger).envelope, stranger.state), 'CHAIN_AUTHORITY');
  const second = person();
  const mine = createTestPool(olga, { nowMs: NOW });
  const invite = mine.invite(olga, { role: 'owner' });
  mine.append(invite.envelope, olga);
  mine.append(mine.join(second, invite), second);
  t.equal(findMember(mine.state, second.ref)?.role, 'owner');
  t.ok(counts(mine.state, mine.invite(second).envelope, second.state), 'a second owner invites');
});

t.test(
  '[POOL-4] an invite lasts at most seven days, has one use, one key, and no approval',
  async (t) => {
    const { envelope } = pool.invite(olga);
    const changed = (change: Record<string, unknown>) =>
      judge(pool.state, withStatement(envelope, change), olga.state);
    t.equal(changed({ expiry: NOW + INVITE_LIFE_MAX_MS }), 'accepted');
    t.equal(changed({ expiry: NOW + INVITE_LIFE_MAX_MS + 1 }), 'CHAIN_MALFORMED');
    t.equal(changed({ expiry: NOW }), 'CHAIN_EXPIRED');
    t.equal(changed({ uses: 0 }), 'CHAIN_MALFORMED');
    t.equal(changed({ uses: 2 }), 'CHAIN_MALFORMED');
    t.equal(changed({ approval: 1 }), 'CHAIN_MALFORMED');
    t.equal(changed({ role: 'admin' }), 'CHAIN_MALFORMED');
    t.equal(changed({ key: new Uint8Array(65) }), 'CHAIN_MALFORMED');
    const mine = createTestPool(olga, { nowMs: NOW });
    const first = mine.invite(olga);
    mine.append(first.envelope, olga);
    t.equal(
      judge(mine.state, mine.invite(olga, { key: first.key }).envelope, olga.state),
      'CHAIN_USED',
    );
  },
);

t.test('[POOL-5] who holds the invite key joins once, with the role of the invite', async (t) => {
  const mine = createTestPool(olga, { nowMs: NOW });
  const invite = mine.invite(olga);
  mine.append(invite.envelope, olga);
  const joiner = person();
  const join = mine.join(joiner, invite);
  t.ok(counts(mine.state, join, joiner.state));
  const { link, sigs } = envelopeOf(join);
  const signed = (...changed: object[]) => withEnvelope(join, { sigs: changed });
  const [byInvite, byDevice] = sigs;
  if (byInvite === undefined || byDevice === undefined) throw new Error('two signatures');
  t.equal(judge(mine.state, signed(byDevice, byInvite), joiner.state), 'CHAIN_AUTHORITY');
  t.equal(judge(mine.state, signed(byDevice), joiner.state), 'CHAIN_AUTHORITY');
  t.equal(judge(mine.state, signed(byInvite), joiner.state), 'CHAIN_AUTHORITY');
  const otherKey = mine.invite(olga).key.sign(link);
  t.notOk(counts(mine.state, signed({ by: 'invite', sig: otherKey }, byDevice), joiner.state));
  t.equal(
    judge(mine.state, withStatement(join, { invite: new Uint8Array(32) }), joiner.state),
    'CHAIN_EXPIRED',
    'an unknown invite',
  );
  mine.append(join, joiner);
  t.match(findMember(mine.state, joiner.ref), { role: 'member', joinedSeq: 2 });
  t.equal(
    judge(mine.state, mine.join(joiner, invite), joiner.state),
    'CHAIN_USED',
    'a member already',
  );
  const next = person();
  t.equal(judge(mine.state, mine.join(next, invite), next.state), 'CHAIN_USED', 'a used invite');
});

t.test('[POOL-5] an invite that has expired by log time lets nobody in', async (t) => {
  const mine = createTestPool(olga, { nowMs: NOW });
  const invite = mine.invite(olga, { expiry: NOW + 1000 });
  mine.append(invite.envelope, olga);
  const joiner = person();
  const join = mine.join(joiner, invite);
  t.equal(judge(mine.state, join, joiner.state, NOW + 999), 'accepted');
  t.equal(judge(mine.state, join, joiner.state, NOW + 1000), 'CHAIN_EXPIRED');
  t.ok(findUsableInvite(mine.state, invite.hash, NOW).ok, 'found by hash');
  t.ok(findUsableInvite(mine.state, invite.key.point, NOW + 999).ok, 'found by key');
  t.match(findUsableInvite(mine.state, invite.key.point, NOW + 1000), { code: 'CHAIN_EXPIRED' });
  t.match(findUsableInvite(mine.state, new Uint8Array(32), NOW), { code: 'CHAIN_EXPIRED' });
  mine.append(mine.invite(olga).envelope, olga, NOW + 1000);
  t.equal(mine.state.invites.length, 1, 'and is forgotten');
  const late = mine.join(joiner, invite);
  t.equal(judge(mine.state, late, joiner.state, NOW), 'CHAIN_EXPIRED', 'time set back');
});

t.test('[POOL-6] at most 500 members and 500 open invites', async (t) => {
  const mine = createTestPool(olga, { nowMs: NOW });
  const invite = mine.invite(olga);
  mine.append(invite.envelope, olga);
  const { state } = mine;
  const [first] = state.members;
  const [open] = state.invites;
  if (first === undefined || open === undefined) throw new Error('one of each');
  const nobody = { ...first, user: [0, new Uint8Array(32)] as const };
  const crowd = [first, ...Array.from({ length: POOL_MEMBERS_MAX - 1 }, () => nobody)];
  const joiner = person();
  const join = mine.join(joiner, invite);
  t.equal(judge({ ...state, members: crowd }, join, joiner.state), 'CHAIN_QUOTA');
  t.equal(judge({ ...state, members: crowd.slice(1) }, join, joiner.state), 'accepted');
  const more = mine.invite(olga).envelope;
  const invites = (usesLeft: number) => Array.from({ length: 500 }, () => ({ ...open, usesLeft }));
  t.equal(judge({ ...state, invites: invites(1) }, more, olga.state), 'CHAIN_QUOTA');
  t.equal(
    judge({ ...state, invites: invites(0) }, more, olga.state),
    'accepted',
    'used ones do not count',
  );
});

t.test(
  '[POOL-7] a link continues its own pool by seq and previous hash, or conflicts',
  async (t) => {
    const { envelope } = pool.invite(olga);
    const changed = (change: Record<string, unknown>) =>
      judge(pool.state, withStatement(envelope, change), olga.state);
    t.equal(changed({ seq: pool.state.seq }), 'CHAIN_CONFLICT');
    t.equal(changed({ seq: pool.state.seq + 2 }), 'CHAIN_CONFLICT');
    t.equal(changed({ prev: new Uint8Array(32) }), 'CHAIN_CONFLICT');
    const [slot, id] = pool.ref;
    t.equal(changed({ pool: [slot ^ 1, id] }), 'CHAIN_MALFORMED');
    t.equal(changed({ pool: createTestPool(olga, { nowMs: NOW }).ref }), 'CHAIN_MALFORMED');
    t.equal(changed({ unknown: encodeCbor(1) }), 'CHAIN_MALFORMED');
  },
);
