import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestPerson, createTestPool } from '@rockpool/protocol/testing';
import t from 'tap';
import { askStatus } from '../../src/control/control-client.ts';
import { run } from '../kit/run-command.ts';
import { ORIGIN, TestCluster } from '../kit/test-cluster.ts';

const cluster = await TestCluster.start(1);
t.teardown(() => cluster.discard());
const anna = createTestPerson({ origin: ORIGIN, rpId: 'localhost' });
const pool = createTestPool(anna);
const file = join(cluster.dir, 'backup');

t.before(async () => {
  const client = await cluster.client('1');
  await client.register(anna, { token: await cluster.firstAdminToken('1') });
  await client.auth(anna);
  await client.statement('pool', pool.ref, pool.genesis);
  await client.close();
});

t.test('rockpool backup writes one file of a running cluster, and goes over none', async (t) => {
  const made = await run('backup', file, '--data', cluster.dataDir('1'));
  t.match(made, {
    code: 0,
    out: /rows, \d+\.\d kB, and read it back whole/,
    drawn: /backing up: /,
  });
  t.equal((await stat(file)).mode & 0o777, 0o600);
  const again = await run('backup', file, '--data', cluster.dataDir('1'));
  t.match(again, { code: 1, errors: /CLI_BACKUP_EXISTS/ });
  const nowhere = join(cluster.dir, 'none', 'backup');
  t.match(await run('backup', nowhere, '--data', cluster.dataDir('1')), {
    code: 1,
    errors: /CLI_BACKUP_UNWRITABLE/,
  });
  const silent = join(cluster.dir, 'silent');
  t.match(await run('backup', silent, '--data', cluster.dir), {
    code: 1,
    errors: /NODE_UNREACHABLE/,
  });
  const left = (await readdir(cluster.dir)).filter((name) => /^(backup|silent)/.test(name));
  t.same(left, ['backup'], 'what was not finished is gone');
  t.match(await run('backup'), { code: 2, errors: /name one file/ });
});

t.test('rockpool verify says that a backup is whole, or where it is not', async (t) => {
  const whole = await run('verify', file);
  t.match(whole, { code: 0, out: /is whole: \d+ rows/ });
  t.match(whole.out, /shard 16 {2}index \d+, term \d+/);
  const bytes = await readFile(file);
  bytes[Math.floor(bytes.length / 2)]! ^= 4;
  const damaged = join(cluster.dir, 'damaged');
  await writeFile(damaged, bytes);
  t.match(await run('verify', damaged), {
    code: 1,
    errors: /BACKUP_DAMAGED: .*At byte \d+, group/,
  });
  t.match(await run('verify', join(cluster.dir, 'none')), {
    code: 1,
    errors: /CLI_BACKUP_UNREADABLE/,
  });
  const target = join(cluster.dir, 'from-damaged');
  t.match(await run('restore', damaged, '--data', target), { code: 1, errors: /BACKUP_DAMAGED/ });
});

t.test('rockpool restore brings people and pools back under a new cluster id', async (t) => {
  const before = await askStatus(cluster.dataDir('1'));
  await cluster.stopNode('1');
  const target = join(cluster.dir, 'restored');
  const { peerPort } = cluster.nodes[0]!;
  const nodes = `1=127.0.0.1:${peerPort}`;
  const restored = await run('restore', file, '--data', target, '--nodes', nodes, '--grace', '0');
  t.match(restored, { code: 0, out: /Made cluster/ });
  const again = await run('restore', file, '--data', target, '--nodes', nodes);
  t.match(again, { code: 1, errors: /BACKUP_TARGET_NOT_EMPTY: .*node-1\. Name empty directories/ });
  await rm(cluster.dataDir('1'), { recursive: true });
  await rename(join(target, 'node-1'), cluster.dataDir('1'));
  await cluster.startNode('1');
  await cluster.ready();
  const after = await askStatus(cluster.dataDir('1'));
  t.equal(after.cluster.realm, before.cluster.realm);
  t.not(after.cluster.clusterId, before.cluster.clusterId);
  const client = await cluster.client('1');
  t.match(await client.auth(anna), { type: 'ok' });
  t.match(await client.request({ type: 'pools' }), { type: 'pools', pools: [pool.ref] });
  const invite = pool.invite(anna);
  t.match(await client.statement('pool', pool.ref, invite.envelope), { type: 'ok' }, 'it goes on');
  await client.close();
});
