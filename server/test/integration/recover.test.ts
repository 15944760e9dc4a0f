import { rm } from 'node:fs/promises';
import { createTestPerson, createTestPool } from '@rockpool/protocol/testing';
import t from 'tap';
import { askStatus } from '../../src/control/control-client.ts';
import { run, runTyping } from '../kit/run-command.ts';
import { ORIGIN, TestCluster } from '../kit/test-cluster.ts';

const WORDS = 'what is missing is lost\n';

t.test('rockpool recover leads out of a lost majority, from the disk that has most', async (t) => {
  const cluster = await TestCluster.start(3);
  t.teardown(() => cluster.discard());
  const [one, two, three] = ['1', '2', '3'].map((name) => cluster.dataDir(name));
  const anna = createTestPerson({ origin: ORIGIN, rpId: 'localhost' });
  const pool = createTestPool(anna);
  const before = await askStatus(one!);
  // Node 3 misses what comes now: anna and her pool.
  await cluster.stopNode('3');
  const client = await cluster.client('1');
  await client.register(anna, { token: await cluster.firstAdminToken('1') });
  await client.auth(anna);
  t.match(await client.statement('pool', pool.ref, pool.genesis), { type: 'ok' });
  await client.close();
  t.match(await run('recover', '--yes', '--data', one!), { code: 1, errors: /STORE_IN_USE/ });
  await cluster.stopNode('2');
  await cluster.stopNode('1');

  const compared = await run('recover', '--inspect', three!, one!);
  t.match(compared, { code: 0, out: `${one} has all that the others have: recover that one.` });
  t.match(await run('recover', '--yes', '--data', three!, one!), {
    code: 1,
    errors: /RECOVER_OTHER_NEWER: .*node-1: meta/,
  });
  await rm(three!, { recursive: true });

  const refused = await runTyping('yes\n', 'recover', '--data', one!);
  t.match(refused, { code: 1, errors: /is LOST.*CLI_RECOVER_UNCONFIRMED/s });
  t.match(await runTyping(WORDS, 'recover', '--data', one!), { code: 0, out: /new cluster/ });
  t.match(await run('recover', '--inspect', one!, two!), {
    code: 1,
    errors: /RECOVER_OTHER_CLUSTER/,
  });

  await cluster.startNode('1');
  await cluster.ready();
  const after = await askStatus(one!);
  t.equal(after.cluster.realm, before.cluster.realm);
  t.not(after.cluster.clusterId, before.cluster.clusterId);
  t.same(after.cluster.peers, []);
  const again = await cluster.client('1');
  t.match(await again.auth(anna), { type: 'ok' });
  t.match(await again.request({ type: 'pools' }), { type: 'pools', pools: [pool.ref] });
  const invite = pool.invite(anna);
  const early = await again.statement('pool', pool.ref, invite.envelope);
  t.match(early, { code: 'CHAIN_GRACE' }, 'what a majority had is waited for');
  t.match(await run('grace', '--data', one!), { out: /grace for 24 h more/ });
  t.match(await run('grace', '--end', '--data', one!), { code: 0 });
  t.match(await again.statement('pool', pool.ref, invite.envelope), { type: 'ok' }, 'it goes on');
  t.match(await run('grace', '--data', one!), { out: /No grace/ });
  await again.close();
});
