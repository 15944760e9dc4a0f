import {
  DEVICE_LIFE_MAX_MS,
  ENROLMENT_LIFE_MAX_MS,
  peekUserStatement,
  type StoredLink,
} from '@rockpool/protocol';
import {
  createTestDevice,
  createTestPerson,
  createTestPool,
  type TestPerson,
} from '@rockpool/protocol/testing';
import t from 'tap';
import { PENDING_ACCOUNT_DROP_MS } from '../../src/directory/apply-user.ts';
import type { Revokes } from '../../src/directory/ports.ts';
import {
  chainPage,
  memberEvidence,
  pendingAccount,
  poolState,
  poolsOf,
  userState,
} from '../../src/directory/queries.ts';
import { settling } from '../../src/grace/create-grace-keeper.ts';
import { branchesOf } from '../../src/grace/grace-queries.ts';
import {
  codeOf,
  GRACE_ID,
  GRACE_MS,
  HOUR_MS,
  NOW,
  poolHash,
  RestoredCluster,
} from './restored-cluster.ts';

const MINUTE_MS = 60_000;
const person = (): TestPerson => createTestPerson({ nowMs: NOW });
const stored = (envelope: Uint8Array, time = NOW): StoredLink => ({ envelope, time });

/** A device that was added by the passkey a while after the backup. */
function addedSince(anna: TestPerson, afterMs = MINUTE_MS) {
  const added = anna.deviceAdd({ nowMs: NOW + afterMs });
  anna.append(added.envelope, NOW + afterMs);
  return added.device;
}

t.test(
  '[DIR-18] in the grace links are collected and not applied; then the chain has them',
  async (t) => {
    const cluster = new RestoredCluster();
    const anna = person();
    cluster.knowsUser(anna);
    const device = addedSince(anna);
    cluster.restored();
    const fresh = anna.deviceAdd({ by: anna.device, nowMs: cluster.timeMs }).envelope;
    const refused = cluster.apply(anna.ref[0], {
      kind: 'appendUserLink',
      ref: anna.ref,
      envelope: fresh,
    });
    t.equal(codeOf(refused), 'CHAIN_GRACE');
    t.same(cluster.bringsUser(anna, 0), ['ok']);
    t.same((await userState(cluster, anna.ref))?.seq, 0, 'read as it was restored');
    t.equal(await cluster.settle(anna.ref), 'CHAIN_GRACE', 'the log decides when it is over');
    cluster.over();
    const late = cluster.apply(anna.ref[0], {
      kind: 'appendUserLink',
      ref: anna.ref,
      envelope: fresh,
    });
    t.equal(codeOf(late), 'CHAIN_GRACE', 'nor may anybody be faster than the choice');
    t.equal(await cluster.settle(anna.ref), 'ok');
    const state = await userState(cluster, anna.ref);
    t.same(state, anna.state);
    t.ok(state?.devices.some(({ id }) => Buffer.compare(id, device.id) === 0));
    t.same(await chainPage(cluster, 'user', anna.ref, 0), { links: anna.links, more: false });
    t.equal(await cluster.settle(anna.ref), 'nothing');
    const next = anna.deviceAdd({ by: anna.device, nowMs: cluster.timeMs }).envelope;
    const appended = cluster.apply(anna.ref[0], {
      kind: 'appendUserLink',
      ref: anna.ref,
      envelope: next,
    });
    t.equal(codeOf(appended), 'ok', 'and it goes on');
    t.match(cluster.events.at(-2), { event: 'userChanged', head: anna.head });
  },
);

t.test(
  '[DIR-19] a lost link is as old as its bearer says, within the time that was lost',
  async (t) => {
    const cluster = new RestoredCluster();
    const anna = person();
    cluster.knowsUser(anna);
    addedSince(anna, 30 * MINUTE_MS);
    cluster.restored();
    const [, lost] = anna.links;
    t.ok(cluster.timeMs > NOW + 30 * MINUTE_MS + ENROLMENT_LIFE_MAX_MS, 'its certificate is over');
    t.equal(codeOf(cluster.offerUser(anna.ref, anna.ref[1], [lost!])), 'ok');

    const ben = createTestPerson({ nowMs: NOW - DEVICE_LIFE_MAX_MS });
    const other = new RestoredCluster();
    other.timeMs = NOW - DEVICE_LIFE_MAX_MS;
    other.knowsUser(ben);
    other.timeMs = NOW;
    other.restored();
    const backdated = ben.deviceAdd({ by: ben.device, nowMs: NOW - DEVICE_LIFE_MAX_MS + 1 });
    const offered = stored(backdated.envelope, NOW - DEVICE_LIFE_MAX_MS + 1);
    const reply = other.offerUser(ben.ref, ben.ref[1], [offered]);
    t.equal(
      codeOf(reply),
      'CHAIN_EXPIRED',
      'a device that had expired by the backup signs nothing',
    );
  },
);

t.test('[DIR-20] whoever brings a link with a later time cannot make others late', async (t) => {
  const cluster = new RestoredCluster();
  const anna = person();
  cluster.knowsUser(anna);
  addedSince(anna, MINUTE_MS);
  addedSince(anna, 2 * MINUTE_MS);
  cluster.restored();
  const [, first, second] = anna.links;
  const { hash } = opened(first!);
  const distorted = { ...first!, time: NOW + 5 * MINUTE_MS };
  t.equal(codeOf(cluster.offerUser(anna.ref, anna.ref[1], [distorted])), 'ok');
  t.equal(codeOf(cluster.offerUser(anna.ref, anna.ref[1], [first!])), 'ok');
  t.equal(codeOf(cluster.offerUser(anna.ref, hash, [second!])), 'ok');
  cluster.over();
  await cluster.settle(anna.ref);
  t.same(await userState(cluster, anna.ref), anna.state);
});

t.test('[DIR-16] offers in another order lead to the same chain', async (t) => {
  const anna = person();
  const long = forkOf(anna, 3);
  const short = forkOf(anna, 2);
  const dumps: unknown[] = [];
  for (const order of [
    [long, short],
    [short, long],
    [short, long, short],
  ]) {
    const cluster = new RestoredCluster();
    cluster.knowsUser(anna, 1);
    cluster.restored();
    for (const fork of order) t.same(cluster.bringsUser(fork, 0), ['ok']);
    cluster.over();
    t.equal(await cluster.settle(anna.ref), 'ok');
    t.same(await userState(cluster, anna.ref), long.state);
    t.equal(cluster.count('x'), 2, 'the other branch is kept as evidence');
    t.equal(cluster.count('B') + cluster.count('b') + cluster.count('c'), 0);
    dumps.push(cluster.dump());
  }
  t.same(dumps[1], dumps[0]);
  t.same(dumps[2], dumps[0]);
});

t.test('[DIR-17] a removed device forks the chain from the older state and loses', async (t) => {
  const anna = person();
  const stolen = createTestDevice();
  const added = anna.deviceAdd({ device: stolen, nowMs: NOW });
  anna.append(added.envelope, NOW);
  // There is no kind that revokes yet: in this test a device.add by the passkey alone revokes the stolen one.
  const removal = anna.fork();
  addedSince(removal);
  const removalHash = removal.head[1];
  const revokes: Revokes = (statement) =>
    'seq' in statement &&
    statement.kind === 'device.add' &&
    statement.enrol !== undefined &&
    statement.seq === 2
      ? [stolen.id]
      : [];
  const attack = anna.fork();
  for (let at = 0; at < 5; at += 1)
    attack.append(attack.deviceAdd({ by: stolen, nowMs: NOW }).envelope, NOW);
  for (const first of [attack, removal]) {
    const cluster = new RestoredCluster(revokes);
    cluster.knowsUser(anna);
    cluster.restored();
    const parent = anna.head[1];
    const both = first === attack ? [attack, removal] : [removal, attack];
    for (const each of both)
      t.equal(codeOf(cluster.offerUser(anna.ref, parent, each.links.slice(2))), 'ok');
    cluster.over();
    t.equal(await cluster.settle(anna.ref), 'ok');
    t.same((await userState(cluster, anna.ref))?.head, removalHash);
    t.equal(cluster.count('x'), 5);
  }
});

t.test('[DIR-21] where the rule chooses none the chain waits for a person', async (t) => {
  const cluster = new RestoredCluster();
  const anna = person();
  const [one, two] = [forkOf(anna, 1), forkOf(anna, 1)];
  cluster.knowsUser(anna, 1);
  cluster.restored();
  cluster.bringsUser(one, 0);
  cluster.bringsUser(two, 0);
  cluster.over();
  t.equal(await cluster.settle(anna.ref), 'ok');
  t.equal((await branchesOf(cluster, anna.ref))?.open?.length, 2);
  const envelope = anna.deviceAdd({ by: anna.device, nowMs: cluster.timeMs }).envelope;
  const append = { kind: 'appendUserLink', ref: anna.ref, envelope } as const;
  t.equal(codeOf(cluster.apply(anna.ref[0], append)), 'CHAIN_UNDECIDED');
  t.equal(await cluster.settle(anna.ref), 'ok', 'asking again changes nothing');
  t.equal(await cluster.settle(anna.ref, anna.head[1]), 'CHAIN_CONFLICT', 'no such branch');
  t.equal(await cluster.settle(anna.ref, two.head[1]), 'ok');
  t.same(await userState(cluster, anna.ref), two.state);
  t.equal(cluster.count('x'), 1);
});

t.test('a link that is forged, foreign, or follows nothing is not collected', async (t) => {
  const cluster = new RestoredCluster();
  const [anna, ben] = [person(), person()];
  cluster.knowsUser(anna);
  cluster.restored();
  addedSince(anna);
  const [, lost] = anna.links;
  const before = cluster.dump();
  t.equal(codeOf(cluster.offerUser(anna.ref, ben.ref[1], [lost!])), 'CHAIN_CONFLICT');
  t.equal(codeOf(cluster.offerUser(anna.ref, undefined, [lost!])), 'CHAIN_CONFLICT');
  t.equal(codeOf(cluster.offerUser(ben.ref, undefined, [lost!])), 'CHAIN_UNKNOWN');
  const foreign = ben.deviceAdd({ nowMs: NOW }).envelope;
  t.equal(codeOf(cluster.offerUser(anna.ref, anna.ref[1], [stored(foreign)])), 'CHAIN_MALFORMED');
  const unsigned = createTestPerson({ nowMs: NOW });
  const forged = unsigned.deviceAdd({ by: createTestDevice(), nowMs: NOW }).envelope;
  t.equal(
    codeOf(cluster.offerUser(unsigned.ref, undefined, [unsigned.links[0]!, stored(forged)])),
    'CHAIN_AUTHORITY',
  );
  t.same(cluster.dump(), before);
});

t.test('[DIR-23] the operator ends a grace, and only the one that is meant', async (t) => {
  const cluster = new RestoredCluster();
  const anna = person();
  cluster.knowsUser(anna);
  cluster.apply(0, { kind: 'openGrace', grace: GRACE_ID, lengthMs: GRACE_MS });
  cluster.timeMs += 10 * GRACE_MS;
  addedSince(anna);
  t.same(cluster.bringsUser(anna, 0), ['ok'], 'no time runs while nobody leads');
  const other = new Uint8Array(16).fill(6);
  t.equal(codeOf(cluster.apply(0, { kind: 'endGrace', grace: other })), 'CHAIN_LATE');
  t.equal(codeOf(cluster.apply(0, { kind: 'beginGrace', grace: other })), 'CHAIN_LATE');
  t.equal(codeOf(cluster.apply(0, { kind: 'endGrace', grace: GRACE_ID })), 'ok');
  t.equal(codeOf(cluster.offerUser(anna.ref, anna.ref[1], [anna.links[1]!])), 'CHAIN_LATE');
  t.equal(await cluster.settle(anna.ref), 'ok');
  t.same((await userState(cluster, anna.ref))?.head, anna.head[1]);
  t.match(await cluster.grace(), { begun: cluster.timeMs, until: cluster.timeMs });
  cluster.timeMs += HOUR_MS;
  cluster.apply(0, { kind: 'openGrace', grace: other, lengthMs: GRACE_MS });
  t.match(await cluster.grace(), { id: other, lostFrom: cluster.timeMs });
  cluster.timeMs += HOUR_MS;
  cluster.apply(0, { kind: 'openGrace', grace: GRACE_ID, lengthMs: GRACE_MS });
  t.match(
    await cluster.grace(),
    { id: GRACE_ID, lostFrom: cluster.timeMs - HOUR_MS },
    'a restore within a grace',
  );
});

t.test(
  '[DIR-24] a pool takes back invites and joins, and with a join an account that was lost',
  async (t) => {
    const cluster = new RestoredCluster();
    const [anna, ben, cleo] = [person(), person(), person()];
    const pool = createTestPool(anna, { nowMs: NOW });
    cluster.knowsUser(anna);
    cluster.knowsUser(cleo);
    cluster.knowsPool(pool, [anna]);
    pool.admit(ben, anna);
    addedSince(anna);
    pool.admit(cleo, anna);
    cluster.restored();
    const people = [anna, ben, cleo];
    t.same(cluster.bringsPool(pool, 0, people), ['ok']);
    t.same((await poolState(cluster, pool.ref))?.members.length, 1);
    t.same(
      cluster.bringsUser(ben, -1),
      ['AUTH_ADMISSION'],
      'a lost account needs a pool that vouches',
    );
    t.same(cluster.bringsUser(ben, -1, pool.ref), ['ok']);
    t.same(await userState(cluster, ben.ref), ben.state, 'a genesis stands at once');
    cluster.over();
    const dropped = cluster.apply(ben.ref[0], { kind: 'dropPending', user: ben.ref });
    t.equal(codeOf(dropped), 'CHAIN_CONFLICT', 'it may still join');
    t.equal(await cluster.settle(pool.ref), 'ok');
    t.same((await poolState(cluster, pool.ref))?.head, pool.head[1]);
    t.same(
      await memberEvidence(cluster, pool.ref, anna.ref),
      anna.state,
      'with the device of a lost link',
    );
    t.equal(cluster.count('o'), 3, 'the founder, and the two who joined, are told');
    for (const user of [ben.ref, cleo.ref]) {
      t.equal(codeOf(cluster.apply(user[0], { kind: 'memberJoined', user, pool: pool.ref })), 'ok');
      t.same(await poolsOf(cluster, user), [pool.ref]);
    }
    t.equal(await pendingAccount(cluster, ben.ref), undefined);
    const invite = pool.invite(anna);
    const append = {
      kind: 'appendPoolLink',
      ref: pool.ref,
      envelope: invite.envelope,
      evidence: [],
    } as const;
    t.equal(codeOf(cluster.apply(pool.ref[0], append)), 'ok', 'and it goes on');
  },
);

t.test(
  'a lost account whose join does not come to count is dropped; a lost pool begins at once',
  async (t) => {
    const cluster = new RestoredCluster();
    const [anna, ben] = [person(), person()];
    const pool = createTestPool(anna, { nowMs: NOW });
    cluster.knowsUser(anna);
    pool.admit(ben, anna);
    cluster.restored();
    t.same(cluster.bringsPool(pool, -1, [anna, ben]), ['ok']);
    t.equal((await poolState(cluster, pool.ref))?.seq, 0);
    t.match(cluster.events.slice(-2), [{ event: 'poolChanged' }, { event: 'outboxAdded' }]);
    t.same(cluster.bringsUser(ben, -1, pool.ref), ['ok']);
    t.same(cluster.bringsUser(ben, -1, pool.ref), ['CHAIN_CONFLICT'], 'it has begun');
    const register = {
      kind: 'putUserGenesis',
      envelope: person().genesis,
      admittedBy: { by: 'pool', pool: pool.ref },
    } as const;
    const slot = opened({ envelope: register.envelope, time: 0 }).user[0];
    t.equal(
      codeOf(cluster.apply(slot, register)),
      'CHAIN_GRACE',
      'whom no pool can take is not let in',
    );
    cluster.over();
    const drop = { kind: 'dropPending', user: ben.ref } as const;
    cluster.timeMs += PENDING_ACCOUNT_DROP_MS - HOUR_MS;
    t.equal(codeOf(cluster.apply(ben.ref[0], drop)), 'CHAIN_CONFLICT');
    cluster.timeMs += HOUR_MS;
    t.equal(codeOf(cluster.apply(ben.ref[0], drop)), 'ok');
    t.equal(await userState(cluster, ben.ref), undefined);
    t.equal(await cluster.settle(pool.ref), 'ok');
    t.same((await poolState(cluster, pool.ref))?.head, poolHash(pool.links.at(-1)!.envelope));
  },
);

t.test('an account that is dropped takes along what it collected, chosen or not', async (t) => {
  const cluster = new RestoredCluster();
  const [anna, ben] = [person(), person()];
  const pool = createTestPool(anna, { nowMs: NOW });
  const admittedBy = { by: 'pool', pool: pool.ref } as const;
  cluster.apply(ben.ref[0], { kind: 'putUserGenesis', envelope: ben.genesis, admittedBy });
  const first = ben.deviceAdd({ by: ben.device, nowMs: NOW });
  cluster.apply(ben.ref[0], { kind: 'appendUserLink', ref: ben.ref, envelope: first.envelope });
  ben.append(first.envelope, NOW);
  const [one, two] = [forkOf(ben, 1), forkOf(ben, 1)];
  cluster.restored();
  for (const fork of [one, two]) t.same(cluster.bringsUser(fork, 1), ['ok']);
  cluster.over();
  t.equal(await cluster.settle(ben.ref), 'ok');
  const branches = await branchesOf(cluster, ben.ref);
  t.equal(branches?.open?.length, 2, 'a person has to choose');
  cluster.timeMs += PENDING_ACCOUNT_DROP_MS;
  t.equal(codeOf(cluster.apply(ben.ref[0], { kind: 'dropPending', user: ben.ref })), 'ok');
  t.equal(cluster.count('B') + cluster.count('b') + cluster.count('c'), 0);
  const late = settling({ ref: ben.ref, branches: branches! }, two.head[1]);
  t.equal(
    codeOf(cluster.apply(ben.ref[0], late)),
    'ok',
    'a choice that comes later changes nothing',
  );
  t.equal(await userState(cluster, ben.ref), undefined);
});

t.test('a settlement that does not name the newest links is refused', async (t) => {
  const cluster = new RestoredCluster();
  const anna = person();
  cluster.knowsUser(anna);
  addedSince(anna);
  addedSince(anna, 2 * MINUTE_MS);
  cluster.restored();
  t.same(cluster.bringsUser(anna, 0), ['ok']);
  cluster.over();
  const { links = [], chain = 'user' } = (await branchesOf(cluster, anna.ref)) ?? {};
  const [first] = links.map(({ hash }) => hash);
  const named = {
    kind: 'settleChain',
    chain,
    ref: anna.ref,
    links: links.map(({ hash }) => hash),
  } as const;
  t.equal(codeOf(cluster.apply(anna.ref[0], { ...named, tips: [first!] })), 'CHAIN_CONFLICT');
  t.equal(await cluster.settle(anna.ref), 'ok');
});

function opened(link: StoredLink) {
  const peeked = peekUserStatement(link.envelope);
  if (!peeked.ok) throw new Error(peeked.detail);
  return peeked.value;
}

/** Another history of the person, longer by so many devices. */
function forkOf(anna: TestPerson, length: number): TestPerson {
  const fork = anna.fork();
  for (let at = 1; at <= length; at += 1) addedSince(fork, at * MINUTE_MS);
  return fork;
}
