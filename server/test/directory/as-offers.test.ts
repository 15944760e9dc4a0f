// A recovery from one disk whose log ends with what it does not know to be agreed on.

import {
  createTestDevice,
  createTestPerson,
  createTestPool,
  type TestPerson,
  type TestPool,
} from '@rockpool/protocol/testing';
import t from 'tap';
import { asOffers } from '../../src/directory/as-offers.ts';
import type { Revokes } from '../../src/directory/ports.ts';
import {
  chainPage,
  memberEvidence,
  pendingAccount,
  poolState,
  userState,
} from '../../src/directory/queries.ts';
import { settling } from '../../src/grace/create-grace-keeper.ts';
import { branchesOf } from '../../src/grace/grace-queries.ts';
import { GRACE_MS, NOW, RestoredCluster, type TailEntry } from './restored-cluster.ts';

const MINUTE_MS = 60_000;
const person = (): TestPerson => createTestPerson({ nowMs: NOW });

/** Another history of the person, longer by so many devices. */
function forkOf(anna: TestPerson, length: number): TestPerson {
  const fork = anna.fork();
  for (let at = 1; at <= length; at += 1) {
    const timeMs = NOW + at * MINUTE_MS;
    fork.append(fork.deviceAdd({ nowMs: timeMs }).envelope, timeMs);
  }
  return fork;
}

/** The person's links after the first `from`, as nodes submitted them. */
function appended({ ref, links }: TestPerson, from: number): TailEntry[] {
  return links.slice(from).map(({ envelope, time }) => ({
    slot: ref[0],
    command: { kind: 'appendUserLink', ref, envelope },
    timeMs: time,
  }));
}

function appendedTo({ ref, links }: TestPool, from: number, author: TestPerson): TailEntry[] {
  return links.slice(from).map(({ envelope, time }) => ({
    slot: ref[0],
    command: { kind: 'appendPoolLink', ref, envelope, evidence: author.links },
    timeMs: time,
  }));
}

t.test(
  '[DIR-25] a link that only a deposed leader had stands not where another one was acknowledged',
  async (t) => {
    const anna = person();
    const [deposed, acknowledged, equal] = [forkOf(anna, 1), forkOf(anna, 2), forkOf(anna, 1)];
    const cluster = new RestoredCluster();
    cluster.knowsUser(anna);
    t.same(cluster.recovered(appended(deposed, 1)), ['ok']);
    t.same((await userState(cluster, anna.ref))?.seq, 0, 'it is collected, and not applied');
    t.match(
      await cluster.grace(),
      { lostFrom: NOW },
      'what was lost came after what was agreed on',
    );
    t.same(cluster.bringsUser(acknowledged, 0), ['ok']);
    cluster.over();
    t.equal(await cluster.settle(anna.ref), 'ok');
    t.same(await userState(cluster, anna.ref), acknowledged.state);
    t.equal(cluster.count('x'), 1, 'the other one is kept as evidence');

    const other = new RestoredCluster();
    other.knowsUser(anna);
    other.recovered(appended(deposed, 1));
    other.bringsUser(equal, 0);
    other.over();
    t.equal(await other.settle(anna.ref), 'ok');
    t.equal((await branchesOf(other, anna.ref))?.open?.length, 2, 'a person has to choose');
  },
);

t.test(
  '[DIR-25] a device whose removal was acknowledged gains nothing by links that a deposed leader had',
  async (t) => {
    const anna = person();
    const stolen = createTestDevice();
    anna.append(anna.deviceAdd({ device: stolen, nowMs: NOW }).envelope, NOW);
    const [deposed, removal] = [anna.fork(), forkOf(anna, 1)];
    for (let at = 0; at < 5; at += 1) {
      deposed.append(deposed.deviceAdd({ by: stolen, nowMs: NOW }).envelope, NOW);
    }
    // There is no kind that revokes yet: in this test a device.add by the passkey alone revokes the stolen one.
    const revokes: Revokes = (statement) =>
      statement.kind === 'device.add' && statement.enrol !== undefined && statement.seq === 2
        ? [stolen.id]
        : [];
    const cluster = new RestoredCluster(revokes);
    cluster.knowsUser(anna);
    t.same(cluster.recovered(appended(deposed, 2)), Array(5).fill('ok'));
    t.same(cluster.bringsUser(removal, 1), ['ok']);
    cluster.over();
    t.equal(await cluster.settle(anna.ref), 'ok');
    t.same((await userState(cluster, anna.ref))?.head, removal.head[1]);
    t.equal(cluster.count('x'), 5);
  },
);

t.test(
  '[DIR-25] what was agreed on after all is there at the end, though nobody brings it back',
  async (t) => {
    const cluster = new RestoredCluster();
    const [anna, ben] = [person(), person()];
    const pool = createTestPool(anna, { nowMs: NOW });
    cluster.knowsUser(anna);
    cluster.knowsPool(pool, [anna]);
    const rival = appendOf(pool, anna);
    const invite = pool.invite(anna);
    pool.append(invite.envelope, anna, NOW + MINUTE_MS);
    pool.append(pool.join(ben, invite), ben, NOW + 3 * MINUTE_MS);
    const [invites, joins] = [appendedTo(pool, 1, anna), appendedTo(pool, 2, ben)];
    const founded = createTestPool(anna, { nowMs: NOW });
    const fork = forkOf(anna, 3);
    const admittedBy = { by: 'pool', pool: pool.ref } as const;
    const at = NOW + 2 * MINUTE_MS;
    const [first, second, third] = appended(fork, 1);
    const replies = cluster.recovered([
      first!,
      { ...appended(forkOf(anna, 1), 1)[0]!, timeMs: NOW + MINUTE_MS },
      invites[0]!,
      { slot: pool.ref[0], command: rival, timeMs: NOW + MINUTE_MS },
      second!,
      {
        slot: ben.ref[0],
        command: { kind: 'putUserGenesis', envelope: ben.genesis, admittedBy },
        timeMs: at,
      },
      {
        slot: founded.ref[0],
        command: { kind: 'putPoolGenesis', envelope: founded.genesis, evidence: anna.links },
        timeMs: at,
      },
      third!,
      joins[0]!,
    ]);
    const loses = 'CHAIN_GRACE';
    t.same(
      replies,
      ['ok', loses, 'ok', loses, 'ok', 'ok', 'ok', 'ok', 'ok'],
      'of two in one place the first, as it would have been appended',
    );
    t.same((await userState(cluster, ben.ref))?.head, ben.head[1], 'an account begins at once');
    t.match(await pendingAccount(cluster, ben.ref), { since: at, pool: pool.ref });
    t.equal((await poolState(cluster, founded.ref))?.seq, 0, 'and so does a pool');
    cluster.over();
    for (const ref of [anna.ref, pool.ref]) t.equal(await cluster.settle(ref), 'ok');
    t.same(await userState(cluster, anna.ref), fork.state);
    t.same(await chainPage(cluster, 'user', anna.ref, 0), { links: fork.links, more: false });
    t.same((await poolState(cluster, pool.ref))?.head, pool.head[1]);
    t.same(await chainPage(cluster, 'pool', pool.ref, 0), { links: pool.links, more: false });
    t.same((await memberEvidence(cluster, pool.ref, ben.ref))?.head, ben.head[1]);
    t.equal(cluster.count('x'), 0, 'there was nothing to choose');
    t.equal(cluster.count('o'), 3, 'both founders and the joiner are told');
  },
);

t.test(
  'a link that came after its time stays refused, and so do bytes that are no command',
  async (t) => {
    const cluster = new RestoredCluster();
    const anna = person();
    const pool = createTestPool(anna, { nowMs: NOW });
    cluster.knowsUser(anna);
    cluster.knowsPool(pool, [anna]);
    const command = { ...appendOf(pool, anna), joinBy: NOW };
    const late = { slot: pool.ref[0], command, timeMs: NOW };
    t.same(cluster.recovered([late]), ['CHAIN_GRACE']);
    t.equal(cluster.count('b'), 0);
    const junk = { body: new Uint8Array([1, 2, 3]), entryTimeMs: NOW };
    t.same(asOffers([junk]), [junk.body]);
  },
);

t.test('the end of a former grace that was never known to be agreed on is none', async (t) => {
  const cluster = new RestoredCluster();
  const anna = person();
  const [one, two] = [forkOf(anna, 1), forkOf(anna, 2)];
  const former = new Uint8Array(16).fill(9);
  cluster.knowsUser(anna);
  cluster.apply(0, { kind: 'openGrace', grace: former, lengthMs: GRACE_MS });
  cluster.apply(0, { kind: 'beginGrace', grace: former });
  t.same(cluster.bringsUser(one, 0), ['ok']);
  const branches = await branchesOf(cluster, anna.ref);
  const ended = NOW + 2 * MINUTE_MS;
  const replies = cluster.recovered([
    { slot: 0, command: { kind: 'endGrace', grace: former }, timeMs: ended },
    { slot: anna.ref[0], command: settling({ ref: anna.ref, branches: branches! }), timeMs: ended },
  ]);
  t.same(replies, ['CHAIN_LATE', 'CHAIN_GRACE']);
  t.same(cluster.bringsUser(two, 0), ['ok'], 'the majority may have had more to choose from');
  cluster.over();
  t.equal(await cluster.settle(anna.ref), 'ok');
  t.same(await userState(cluster, anna.ref), two.state);
});

/** Another link in the place of the pool's next one. */
function appendOf(pool: TestPool, author: TestPerson) {
  const { envelope } = pool.invite(author);
  return { kind: 'appendPoolLink', ref: pool.ref, envelope, evidence: author.links } as const;
}
