// A node with TURN servers: who is told of them, and what is told to nobody.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestPerson } from '@rockpool/protocol/testing';
import t from 'tap';
import { askStatus } from '../../src/control/control-client.ts';
import { ORIGIN, TestCluster } from '../kit/test-cluster.ts';

const SECRET = 'kept-between-the-servers';
const URL = 'turn:pool.example.org:3479';

t.test('[GW-14] [GW-5] members are told of TURN, the secret to nobody', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'rockpool-turn-'));
  const file = join(dir, 'secret');
  await writeFile(file, SECRET);
  const cluster = await TestCluster.start(1, {
    ROCKPOOL_TURN_URLS: URL,
    ROCKPOOL_TURN_SECRET_FILE: file,
    ROCKPOOL_LOG_LEVEL: 'trace',
  });
  t.teardown(async () => {
    await cluster.discard();
    await rm(dir, { recursive: true });
  });
  const client = await cluster.client('1');
  t.match(await client.request({ type: 'relays' }), { code: 'AUTH_REQUIRED' });
  const anna = createTestPerson({ origin: ORIGIN, rpId: 'localhost' });
  const token = await cluster.firstAdminToken('1');
  t.match(await client.register(anna, { token }), { type: 'ok' });
  t.match(await client.auth(anna), { type: 'ok' });
  const told = await client.request({ type: 'relays' });
  if (told.type !== 'relays') throw new Error(told.type);
  t.same(told.urls, [URL]);
  t.ok(told.expiry! > Date.now() && told.expiry! <= Date.now() + 12 * 3_600_000);
  const { metricsPort } = cluster.running.get('1')!;
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
  const shown = [...cluster.logged, metrics, JSON.stringify(await askStatus(cluster.dataDir('1')))];
  for (const word of [SECRET, told.credential, told.username]) {
    t.notOk(shown.join('\n').includes(word), 'not in logs, metrics or status');
  }
  await client.close();
});

t.test('one password for everybody is warned of at the start', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'rockpool-turn-'));
  const file = join(dir, 'password');
  await writeFile(file, 'for-everybody');
  const cluster = await TestCluster.start(1, {
    ROCKPOOL_TURN_URLS: URL,
    ROCKPOOL_TURN_USERNAME: 'all',
    ROCKPOOL_TURN_PASSWORD_FILE: file,
  });
  t.teardown(async () => {
    await cluster.discard();
    await rm(dir, { recursive: true });
  });
  t.match(cluster.logged.join(''), /every member learns the one password/);
  t.notMatch(cluster.logged.join(''), /for-everybody/);
});
