// A backup, newer links, a restore into a fresh cluster: the newer links come back, over real sockets, on a real node.

import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { peekPoolStatement, peekUserStatement, type StoredLink } from '@rockpool/protocol';
import { createTestPerson, createTestPool, type TestPerson } from '@rockpool/protocol/testing';
import t, { type Test } from 'tap';
import { askBranches, askStatus } from '../../src/control/control-client.ts';
import { run } from '../kit/run-command.ts';
import type { TestClient } from '../kit/test-client.ts';
import { ORIGIN, TestCluster } from '../kit/test-cluster.ts';

const HERE = { origin: ORIGIN, rpId: 'localhost' };
const WAIT_MAX_MS = 60_000;

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MAX_MS;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`it never came to be: ${what}`);
    await setTimeout(50);
  }
}

/** Anna with a pool on a cluster of one node, and a backup of that. */
async function backedUp(test: Test) {
  const cluster = await TestCluster.start(1);
  test.teardown(() => cluster.discard());
  const anna = createTestPerson(HERE);
  const pool = createTestPool(anna);
  const client = await cluster.client('1');
  await client.register(anna, { token: await cluster.firstAdminToken('1') });
  await client.auth(anna);
  await client.statement('pool', pool.ref, pool.genesis);
  const file = join(cluster.dir, 'backup');
  const made = await run('backup', file, '--data', cluster.dataDir('1'));
  if (made.code !== 0) throw new Error(made.errors);
  return { cluster, anna, pool, client, file };
}

async function restored(cluster: TestCluster, file: string): Promise<void> {
  await cluster.stopNode('1');
  const target = join(cluster.dir, 'restored');
  const nodes = `1=127.0.0.1:${cluster.nodes[0]!.peerPort}`;
  const made = await run('restore', file, '--data', target, '--nodes', nodes, '--grace', '48');
  if (made.code !== 0 || !/For 48 h/.test(made.errors)) throw new Error(made.errors);
  await rm(cluster.dataDir('1'), { recursive: true });
  await rename(join(target, 'node-1'), cluster.dataDir('1'));
  await cluster.startNode('1');
  await cluster.ready();
}

function offer(
  client: TestClient,
  chain: 'user' | 'pool',
  of: TestPerson | ReturnType<typeof createTestPool>,
  more: { after?: number; evidence?: readonly StoredLink[]; pool?: TestPerson['ref'] } = {},
) {
  const { after = 0, evidence = [], pool } = more;
  const before = of.links[after]?.envelope;
  const peek = chain === 'user' ? peekUserStatement : peekPoolStatement;
  const opened = before && peek(before);
  const parent = opened?.ok ? { parent: opened.value.hash } : {};
  const links = of.links.slice(after + 1);
  const admits = pool === undefined ? {} : { pool };
  return client.request({
    type: 'offer',
    chain,
    ref: of.ref,
    links,
    evidence,
    ...parent,
    ...admits,
  });
}

t.test('[GW-15] newer links come back into a restored cluster, and nothing is lost', async (t) => {
  const { cluster, anna, pool, client, file } = await backedUp(t);
  const added = anna.deviceAdd();
  t.match(await client.statement('user', anna.ref, added.envelope), { type: 'ok' });
  anna.append(added.envelope);
  const invite = pool.invite(anna);
  t.match(await client.statement('pool', pool.ref, invite.envelope), { type: 'ok' });
  pool.append(invite.envelope, anna);
  const ben = createTestPerson(HERE);
  const guest = await cluster.client('1');
  const admission = guest.admission(pool.ref, invite.key, ben);
  t.match(await guest.register(ben, { admission }), { type: 'ok' });
  t.match(await guest.auth(ben), { type: 'ok' });
  const join = pool.join(ben, invite);
  t.match(await guest.statement('pool', pool.ref, join), { type: 'ok' });
  pool.append(join, ben);
  await restored(cluster, file);

  const again = await cluster.client('1');
  t.ok(again.hello.grace! > again.hello.time + 47 * 3_600_000, 'clients are told until when');
  t.match(await again.auth(anna), { type: 'ok' });
  const fresh = anna.deviceAdd({ by: anna.device });
  const refused = await again.statement('user', anna.ref, fresh.envelope);
  t.match(refused, { code: 'CHAIN_CONFLICT' }, 'it follows a link that is lost');
  const other = createTestPool(anna).invite(anna);
  t.match(await again.statement('pool', pool.ref, other.envelope), { type: 'error' });
  const page = await again.request({
    type: 'fetch',
    chain: 'pool',
    ref: pool.ref,
    from: 2,
    fresh: 0,
  });
  t.match(page, { links: [], head: [0, pool.ref[1]] }, '[GW-16] where the servers stand');

  const nobody = await cluster.client('1');
  t.match(await nobody.auth(ben), { code: 'AUTH_DEVICE_UNKNOWN' }, 'his account is lost');
  const account = () => offer(nobody, 'user', ben, { after: -1, pool: pool.ref });
  t.match(await account(), { code: 'AUTH_ADMISSION' }, 'the pool has to vouch for it first');
  const evidence = [...anna.links, ...ben.links];
  t.match(await offer(nobody, 'pool', pool, { after: 1, evidence }), { code: 'CHAIN_CONFLICT' });
  t.match(await offer(nobody, 'pool', pool, { evidence }), { type: 'ok' });
  t.match(await offer(nobody, 'pool', pool, { evidence }), { type: 'ok' }, 'again');
  t.match(await account(), { type: 'ok' });
  t.match(await nobody.auth(ben), { type: 'ok' });
  t.match(await offer(again, 'user', anna), { type: 'ok' });
  const dataDir = cluster.dataDir('1');
  t.match(await askStatus(dataDir), { grace: { chains: 2, undecided: 0, endsAtMs: Number } });
  t.match(await run('status', '--data', dataDir), {
    out: /grace for 2 days more.*CHAIN_GRACE.*of 2 accounts and pools/,
  });

  t.match(await run('grace', '--end', '--data', dataDir), { code: 0, out: /is over/ });
  await until('all is settled', async () => (await askStatus(dataDir)).grace === undefined);
  t.match(await again.fetch('pool', pool.ref), {
    links: pool.links.map(({ envelope }) => ({ envelope })),
  });
  t.match(await again.fetch('user', anna.ref), {
    links: anna.links.map(({ envelope }) => ({ envelope })),
  });
  const device = await cluster.client('1');
  t.match(await device.auth(anna, added.device), { type: 'ok' }, 'her lost device is in again');
  await until('he is told of his pool', async () => {
    const answer = await nobody.request({ type: 'pools' });
    return answer.type === 'pools' && answer.pools.length === 1;
  });
  t.match(await again.statement('user', anna.ref, fresh.envelope), { type: 'ok' }, 'it goes on');
  t.match(await offer(again, 'pool', pool, { evidence }), { code: 'CHAIN_LATE' });
});

t.test('[GW-17] of two equal histories a person takes one', async (t) => {
  const { cluster, anna, client, file } = await backedUp(t);
  await client.close();
  const [one, two] = [anna.fork(), anna.fork()];
  for (const each of [one, two]) each.append(each.deviceAdd().envelope);
  await restored(cluster, file);
  const again = await cluster.client('1');
  await again.auth(anna);
  t.match(await offer(again, 'user', one), { type: 'ok' });
  t.match(await offer(again, 'user', two), { type: 'ok' });
  const early = await again.statement(
    'user',
    anna.ref,
    anna.deviceAdd({ by: anna.device }).envelope,
  );
  t.match(early, { code: 'CHAIN_GRACE', retryAfterMs: Number });
  const dataDir = cluster.dataDir('1');
  await run('grace', '--end', '--data', dataDir);
  await until('nobody can choose', async () => (await askStatus(dataDir)).grace?.undecided === 1);
  t.match(await run('status', '--data', dataDir), {
    out: /a person has to choose for 1 account or pool \(CHAIN_UNDECIDED\)/,
  });
  const closed = await again.statement(
    'user',
    anna.ref,
    anna.deviceAdd({ by: anna.device }).envelope,
  );
  t.match(closed, { code: 'CHAIN_UNDECIDED' });
  const listed = await run('branches', '--data', dataDir);
  t.match(
    listed.out,
    /account [0-9a-f]{16}\n {4}[0-9a-f]{16} {2}links 1,.*\n {4}[0-9a-f]{16} {2}links 1,/,
  );
  const { undecided } = await askBranches(dataDir);
  const wanted = Buffer.from(two.head[1]).toString('hex');
  t.ok(undecided[0]?.branches.some(({ tip }) => tip === wanted));
  t.match(await run('branches', '--take', 'ff'.repeat(32), '--data', dataDir), {
    code: 1,
    errors: /CHAIN_UNKNOWN/,
  });
  t.match(await run('branches', '--take', wanted.slice(0, 16), '--data', dataDir), {
    code: 0,
    out: /Taken/,
  });
  t.match(await again.fetch('user', anna.ref), {
    links: two.links.map(({ envelope }) => ({ envelope })),
  });
  t.match(await run('branches', '--data', dataDir), {
    out: /No account or pool.*evidence: links that were not taken, 1 of 1/s,
  });
});
