import { createTestPerson, createTestPool } from '@rockpool/protocol/testing';
import t from 'tap';
import { enrolmentOf } from '../kit/envelope-parts.ts';
import type { TestClient } from '../kit/test-client.ts';
import { ORIGIN, TestCluster } from '../kit/test-cluster.ts';

const HERE = { origin: ORIGIN, rpId: 'localhost' };
const text = (words: string) => new TextEncoder().encode(words);

t.test('two people meet on different nodes, and go on when one node stops', async (t) => {
  const cluster = await TestCluster.start(3);
  t.teardown(() => cluster.discard());
  const anna = createTestPerson(HERE);
  const bela = createTestPerson(HERE);
  const pool = createTestPool(anna);

  const first = await cluster.client('1');
  t.equal(first.hello.unclaimed, 1, '[GW-2] hello says that nobody has claimed the place');
  t.same(
    first.hello.nodes.map(({ name, up }) => [name, up]),
    [
      ['1', 1],
      ['2', 1],
      ['3', 1],
    ],
  );
  const token = await cluster.firstAdminToken('2');
  t.match(await first.register(anna, { token }), { type: 'ok', head: [0, anna.head[1]] });
  t.match(await first.auth(anna), { type: 'ok' });
  t.match(await first.statement('pool', pool.ref, pool.genesis), { type: 'ok' });
  const invite = pool.invite(anna);
  t.match(await first.statement('pool', pool.ref, invite.envelope), { type: 'ok' });
  pool.append(invite.envelope, anna);

  const second = await cluster.client('2');
  t.equal(second.hello.unclaimed, 0);
  t.match(await second.prove(pool.ref, invite.key), { type: 'chain', links: { length: 2 } });
  const admission = second.admission(pool.ref, invite.key, bela);
  t.match(await second.register(bela, { admission }), { type: 'ok' });
  t.match(await second.auth(bela), { type: 'ok' });
  const join = pool.join(bela, invite);
  t.match(await second.statement('pool', pool.ref, join), { type: 'ok', head: [2] });
  pool.append(join, bela);
  const list = await second.request({ type: 'pools' });
  t.equal(list.type, 'pools');

  await watch(first, pool);
  await watch(second, pool);
  const seen = await first.push('presence', ({ devices }) => devices.length === 2);
  t.same(
    seen.devices.map(({ node }) => node).sort(),
    ['1', '2'],
    '[HUB-1] presence names the node that holds each socket',
  );
  await second.push('presence', ({ devices }) => devices.length === 2);
  t.match(await second.fetch('user', anna.ref), { type: 'chain', links: { length: 1 } });

  t.match(await signal(first, pool.ref, bela.device.id, 'knock'), { type: 'ok' });
  const knock = await second.push('signal');
  t.same(knock.body, text('knock'), '[HUB-5] a signal crosses nodes, its body untouched');
  t.same(knock.from, anna.device.id);

  t.comment('a further device signs in by passkey at the third node');
  const add = anna.deviceAdd();
  const third = await cluster.client('3');
  t.match(await enrol(third, anna, add.envelope), { type: 'chain', links: { length: 1 } });
  t.match(await third.statement('user', anna.ref, add.envelope), { type: 'ok', head: [1] });
  anna.append(add.envelope);
  t.match(await third.auth(anna, add.device), { type: 'ok' });
  await watch(third, pool);
  const changed = await second.push(
    'changed',
    ({ chain, head }) => chain === 'user' && head[0] === 1,
  );
  t.same(changed.head, anna.head, '[HUB-7] a member learns of the new link');
  await second.push('presence', ({ devices }) => devices.length === 3);

  t.comment('node 2 goes away');
  const draining = cluster.stopNode('2');
  const drain = await second.push('drain');
  t.same([...drain.to].sort(), ['1', '3'], '[GW-9] a node that stops names the others');
  t.match(await second.closed, { code: 4503, reason: 'CLUSTER_DRAINING' });
  await draining;
  await first.push('nodes', ({ nodes }) => nodes.some(({ name, up }) => name === '2' && up === 0));
  await first.push('presence', ({ devices }) => devices.length === 2);
  await cluster.ready();

  const moved = await cluster.client('3');
  t.match(await moved.auth(bela), { type: 'ok' });
  await watch(moved, pool);
  await first.push('presence', ({ devices }) => devices.length === 3);
  t.match(await signal(moved, pool.ref, anna.device.id, 'still here'), { type: 'ok' });
  t.same((await first.push('signal')).body, text('still here'));
  const more = pool.invite(anna, { device: anna.device });
  const told = await first.statement('pool', pool.ref, more.envelope);
  t.match(told, { type: 'ok', head: [3] }, '[CMD-4] the node brings the link that the pool lacks');
  pool.append(more.envelope, anna);
  const page = await moved.fetch('pool', pool.ref, 1);
  t.match(page, { type: 'chain', links: { length: 4 } }, '[CMD-7] a fresh read sees it at once');

  t.comment('node 2 comes back with its data');
  await cluster.startNode('2');
  await cluster.ready();
  const again = await cluster.client('2');
  t.match(await again.auth(bela), { type: 'ok' });
  await watch(again, pool);
  await again.push('presence', ({ devices }) => devices.length === 3);

  t.comment('one node of three is left');
  await again.close();
  await Promise.all([cluster.stopNode('1'), cluster.stopNode('2')]);
  const last = await cluster.client('3');
  t.match(await last.auth(bela), { type: 'ok' }, 'a known device still signs in');
  await watch(last, pool);
  t.match(await signal(last, pool.ref, add.device.id, 'alone'), { type: 'ok' }, 'and signals');
  t.same((await third.push('signal')).body, text('alone'));
  const late = pool.invite(anna, { device: add.device });
  const refused = await third.statement('pool', pool.ref, late.envelope);
  t.match(
    refused,
    { type: 'error', code: /^CLUSTER_(UNAVAILABLE|TIMEOUT)$/ },
    '[CMD-8] only changes are refused',
  );

  const log = cluster.logged.join('\n');
  t.notOk(log.includes(Buffer.from(token).toString('base64url')), 'no token is in any log');
  t.notOk(log.includes(Buffer.from(token).toString('hex')));
  await Promise.all([third, moved, last].map((client) => client.close()));
});

async function watch(client: TestClient, pool: { readonly ref: readonly [number, Uint8Array] }) {
  const answer = await client.request({ type: 'watch', pools: [pool.ref] });
  if (answer.type !== 'ok') throw new Error(JSON.stringify(answer));
}

function signal(
  client: TestClient,
  pool: readonly [number, Uint8Array],
  to: Uint8Array,
  words: string,
) {
  return client.request({ type: 'signal', pool, to, body: text(words) });
}

function enrol(
  client: TestClient,
  person: ReturnType<typeof createTestPerson>,
  envelope: Uint8Array,
) {
  return client.request({ type: 'enrol', handle: person.handle, ...enrolmentOf(envelope) });
}
