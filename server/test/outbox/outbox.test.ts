import { createSignatureVerifier } from '@rockpool/auth';
import type { Ref } from '@rockpool/protocol';
import { createTestPerson, createTestPool, type TestPerson } from '@rockpool/protocol/testing';
import t from 'tap';
import { PENDING_ACCOUNT_DROP_MS, PENDING_ACCOUNT_MAX_MS } from '../../src/directory/apply-user.ts';
import { decodeCommand } from '../../src/directory/commands.ts';
import type { Bytes } from '../../src/directory/ports.ts';
import { poolState, poolsOf, userState } from '../../src/directory/queries.ts';
import { createAccountSweep } from '../../src/outbox/create-account-sweep.ts';
import { createOutboxPump } from '../../src/outbox/create-outbox-pump.ts';
import { MemoryCluster } from '../directory/memory-cluster.ts';
import { RestoredCluster } from '../directory/restored-cluster.ts';

const NOW = 1_800_000_000_000;

/** Timers that run when the test says so. */
class ManualTimers {
  readonly delays: number[] = [];
  #due: (() => void)[] = [];

  after(delayMs: number, run: () => void): () => void {
    this.delays.push(delayMs);
    this.#due.push(run);
    return () => {
      this.#due = this.#due.filter((other) => other !== run);
    };
  }

  get waiting(): number {
    return this.#due.length;
  }

  fire(): void {
    const due = this.#due;
    this.#due = [];
    for (const run of due) run();
  }
}

/** A cluster whose deliveries fail while `broken` says so, and that can be waited for. */
class FlakyCluster extends MemoryCluster {
  broken: (kind: string) => boolean = () => false;
  tried = 0;

  override async submit(slot: number, command: Bytes): Promise<{ reply: Bytes }> {
    this.tried++;
    const decoded = decodeCommand(command);
    if (decoded.ok && this.broken(decoded.value.kind)) throw new Error('no leader');
    return super.submit(slot, command);
  }
}

/** Everything in these tests settles within a few turns of the event loop. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
}

function register(cluster: MemoryCluster, pool?: Ref): TestPerson {
  const person = createTestPerson({ nowMs: NOW });
  const admittedBy =
    pool === undefined ? ({ by: 'admin' } as const) : ({ by: 'pool', pool } as const);
  const reply = cluster.apply(person.ref[0], {
    kind: 'putUserGenesis',
    envelope: person.genesis,
    admittedBy,
  });
  if (!reply.ok) throw new Error(reply.code);
  return person;
}

function found(cluster: MemoryCluster, owner: TestPerson) {
  const pool = createTestPool(owner, { nowMs: NOW });
  cluster.apply(pool.ref[0], {
    kind: 'putPoolGenesis',
    envelope: pool.genesis,
    evidence: owner.links,
  });
  return pool;
}

function join(
  cluster: MemoryCluster,
  pool: ReturnType<typeof found>,
  owner: TestPerson,
  guest: TestPerson,
) {
  const invite = pool.invite(owner);
  const { ref } = pool;
  cluster.apply(ref[0], { kind: 'appendPoolLink', ref, envelope: invite.envelope, evidence: [] });
  pool.append(invite.envelope, owner);
  const envelope = pool.join(guest, invite);
  cluster.apply(ref[0], { kind: 'appendPoolLink', ref, envelope, evidence: guest.links });
  pool.append(envelope, guest);
}

function pump(cluster: FlakyCluster) {
  const timers = new ManualTimers();
  const retries: unknown[] = [];
  const running = createOutboxPump({
    cluster,
    timers,
    onRetry: (_group, reason) => retries.push(reason),
  });
  return { timers, retries, stop: () => running.stop() };
}

t.test(
  '[DIR-11] a new member hears of the pool on their own shard, and the row goes',
  async (t) => {
    const cluster = new FlakyCluster(NOW);
    const { stop } = pump(cluster);
    const owner = register(cluster);
    const guest = register(cluster);
    const pool = found(cluster, owner);
    join(cluster, pool, owner, guest);
    await settled();
    t.same(await poolsOf(cluster, owner.ref), [pool.ref]);
    t.same(await poolsOf(cluster, guest.ref), [pool.ref]);
    t.equal(cluster.count('o'), 0);
    await stop();
  },
);

t.test(
  '[DIR-11] deliveries are tried again, with growing pauses, until they are answered',
  async (t) => {
    const cluster = new FlakyCluster(NOW);
    const { timers, retries, stop } = pump(cluster);
    const owner = register(cluster);
    cluster.broken = (kind) => kind === 'memberJoined';
    const pool = found(cluster, owner);
    for (let round = 0; round < 9; round++) {
      await settled();
      t.equal(timers.waiting, 1);
      timers.fire();
    }
    await settled();
    t.same(timers.delays, [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000]);
    t.equal(retries.length, 10);
    t.same(await poolsOf(cluster, owner.ref), []);
    cluster.broken = (kind) => kind === 'outboxDone';
    timers.fire();
    await settled();
    t.same(await poolsOf(cluster, owner.ref), [pool.ref], 'delivered');
    t.equal(cluster.count('o'), 1, 'but not yet known as delivered');
    cluster.broken = () => false;
    timers.fire();
    await settled();
    t.same(await poolsOf(cluster, owner.ref), [pool.ref], 'twice is once');
    t.equal(cluster.count('o'), 0);
    t.equal(timers.waiting, 0);
    await stop();
  },
);

t.test(
  '[DIR-11] a new leader delivers what it finds, a follower and a stopped pump nothing',
  async (t) => {
    const cluster = new FlakyCluster(NOW);
    cluster.leader = false;
    const { stop } = pump(cluster);
    const owner = register(cluster);
    const pool = found(cluster, owner);
    await settled();
    t.equal(cluster.tried, 0);
    cluster.setLeader(true);
    await settled();
    t.same(await poolsOf(cluster, owner.ref), [pool.ref]);
    await stop();
    found(cluster, owner);
    await settled();
    t.equal(cluster.count('o'), 1);
  },
);

t.test('[DIR-11] a message for an account that is gone is given up', async (t) => {
  const cluster = new FlakyCluster(NOW);
  const stranger = createTestPerson({ nowMs: NOW });
  const { retries, stop } = pump(cluster);
  found(cluster, stranger);
  await settled();
  t.equal(cluster.count('o'), 0);
  t.same(retries, []);
  await stop();
});

function sweep(cluster: MemoryCluster) {
  const timers = new ManualTimers();
  const failures: unknown[] = [];
  const running = createAccountSweep({
    cluster,
    timers,
    nowMs: () => cluster.timeMs,
    onFailure: (_group, reason) => failures.push(reason),
  });
  const run = async () => {
    timers.fire();
    await settled();
  };
  return { timers, failures, run, stop: () => running.stop() };
}

t.test(
  '[DIR-13] the sweep drops who never joined, and nobody whose join is known anywhere',
  async (t) => {
    const cluster = new FlakyCluster(NOW);
    const owner = register(cluster);
    const pool = found(cluster, owner);
    const idle = register(cluster, pool.ref);
    const guest = register(cluster, pool.ref);
    join(cluster, pool, owner, guest); // and no pump runs
    // Admitted by one pool, a member of another one that nobody asks about.
    const wanderer = register(cluster, pool.ref);
    join(cluster, found(cluster, owner), owner, wanderer);
    const { failures, run, stop } = sweep(cluster);
    await run();
    t.equal(cluster.count('w'), 3, 'too early');
    cluster.timeMs = NOW + PENDING_ACCOUNT_DROP_MS;
    cluster.leader = false;
    await run();
    t.equal(cluster.count('w'), 3, 'not the leader');
    cluster.leader = true;
    cluster.broken = (kind) => kind === 'dropPending';
    await run();
    t.equal(failures.length, 1);
    cluster.broken = () => false;
    await run();
    t.equal(await userState(cluster, idle.ref), undefined);
    for (const kept of [guest, wanderer]) t.not(await userState(cluster, kept.ref), undefined);
    t.equal(cluster.count('w'), 2, 'they wait for their message');
    const delivery = pump(cluster);
    await settled();
    t.same(await poolsOf(cluster, guest.ref), [pool.ref]);
    t.equal(cluster.count('w'), 0);
    await Promise.all([stop(), delivery.stop()]);
  },
);

t.test(
  '[DIR-13] a join that commits while its account is dropped takes effect nowhere',
  async (t) => {
    const cluster = new FlakyCluster(NOW);
    const owner = register(cluster);
    const pool = found(cluster, owner);
    const guest = register(cluster, pool.ref);
    const invite = pool.invite(owner);
    const { ref } = pool;
    cluster.apply(ref[0], { kind: 'appendPoolLink', ref, envelope: invite.envelope, evidence: [] });
    pool.append(invite.envelope, owner);
    const envelope = pool.join(guest, invite);
    const joinBy = NOW + PENDING_ACCOUNT_MAX_MS;
    const late = { kind: 'appendPoolLink', ref, envelope, evidence: guest.links, joinBy } as const;
    cluster.timeMs = NOW + PENDING_ACCOUNT_DROP_MS;
    // The sweep has looked at every outbox; now the join arrives, then the drop commits.
    const submit = cluster.submit.bind(cluster);
    let reply: unknown;
    cluster.submit = (slot, command) => {
      reply ??= cluster.apply(ref[0], late);
      return submit(slot, command);
    };
    const { run, stop } = sweep(cluster);
    await run();
    t.match(reply, { ok: false, code: 'AUTH_ADMISSION' });
    t.equal(await userState(cluster, guest.ref), undefined);
    t.equal((await poolState(cluster, ref))?.members.length, 1, 'no member without a chain');
    await stop();
  },
);

t.test('[DIR-13] a join in time stays done when it is repeated after the time', async (t) => {
  const cluster = new FlakyCluster(NOW);
  const owner = register(cluster);
  const pool = found(cluster, owner);
  const guest = register(cluster, pool.ref);
  const invite = pool.invite(owner);
  const { ref } = pool;
  cluster.apply(ref[0], { kind: 'appendPoolLink', ref, envelope: invite.envelope, evidence: [] });
  pool.append(invite.envelope, owner);
  const envelope = pool.join(guest, invite);
  const joinBy = NOW + PENDING_ACCOUNT_MAX_MS;
  const joined = { kind: 'appendPoolLink', ref, envelope, evidence: guest.links, joinBy } as const;
  cluster.timeMs = joinBy - 1;
  t.match(cluster.apply(ref[0], joined), { ok: true, head: [2] });
  cluster.timeMs = joinBy;
  t.match(cluster.apply(ref[0], joined), { ok: true, head: [2] });
});

t.test('[DIR-24] whom an undecided pool vouches for waits for the choice', async (t) => {
  const cluster = new RestoredCluster();
  const [anna, ben] = [createTestPerson({ nowMs: NOW }), createTestPerson({ nowMs: NOW })];
  const pool = createTestPool(anna, { nowMs: NOW });
  cluster.knowsUser(anna);
  cluster.knowsPool(pool, [anna]);
  cluster.restored();
  const offers = (parent: Bytes, envelope: Bytes) => {
    const links = [{ envelope, time: NOW }];
    const reply = cluster.offerPool(pool.ref, parent, links, [anna, ben]);
    if (!reply.ok) throw new Error(`${reply.code}: ${reply.detail}`);
  };
  const invite = pool.invite(anna);
  offers(pool.ref[1], invite.envelope);
  pool.append(invite.envelope, anna);
  const other = pool.invite(anna);
  offers(invite.hash, pool.join(ben, invite));
  offers(invite.hash, other.envelope);
  t.same(cluster.bringsUser(ben, -1, pool.ref), ['ok']);
  cluster.over();
  t.equal(await cluster.settle(pool.ref), 'ok');
  cluster.timeMs += 2 * PENDING_ACCOUNT_DROP_MS;
  const { failures, run, stop } = sweep(cluster);
  await run();
  t.not(await userState(cluster, ben.ref), undefined, 'one of the branches has the join');
  t.equal(await cluster.settle(pool.ref, other.hash), 'ok');
  await run();
  t.equal(await userState(cluster, ben.ref), undefined, 'the chosen one has not');
  t.same(failures, []);
  await stop();
});

t.test('[DIR-13] a stopped sweep asks for no more timers', async (t) => {
  const cluster = new FlakyCluster(NOW);
  const { timers, run, stop } = sweep(cluster);
  await run();
  t.equal(timers.waiting, 1);
  await stop();
  t.equal(timers.waiting, 0);
});

t.test('[DIR-4] the same log gives byte-equal rows, with another verifier too', async (t) => {
  const cluster = new FlakyCluster(NOW);
  const { stop } = pump(cluster);
  const owner = register(cluster);
  const pool = found(cluster, owner);
  for (let i = 0; i < 3; i++) {
    cluster.timeMs += 1000;
    const guest = register(cluster, pool.ref);
    const { envelope } = guest.deviceAdd();
    cluster.apply(guest.ref[0], { kind: 'appendUserLink', ref: guest.ref, envelope });
    guest.append(envelope);
    join(cluster, pool, owner, guest);
    await settled();
  }
  await stop();
  const replica = new MemoryCluster(NOW, createSignatureVerifier());
  for (const { slot, command, timeMs } of cluster.log) {
    replica.timeMs = timeMs;
    replica.apply(slot, command);
  }
  t.same(replica.dump(), cluster.dump());
  t.same(replica.events, cluster.events);
  t.equal(replica.count('e'), 4);
});
