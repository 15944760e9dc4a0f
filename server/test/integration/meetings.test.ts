import { createTestPerson } from '@rockpool/protocol/testing';
import t from 'tap';
import { ORIGIN, TestCluster } from '../kit/test-cluster.ts';

const HERE = { origin: ORIGIN, rpId: 'localhost' };
const body = new TextEncoder().encode('said');

t.test(
  'a new device and one of an account meet over two nodes, and tries are counted',
  async (t) => {
    const cluster = await TestCluster.start(3);
    t.teardown(() => cluster.discard());
    const anna = createTestPerson(HERE);
    const known = await cluster.client('1');
    await known.register(anna, { token: await cluster.firstAdminToken('1') });
    await known.auth(anna);
    const watching = await cluster.client('3');
    await watching.auth(anna);

    const fresh = await cluster.client('2');
    const opened = await fresh.request({ type: 'rendezvous' });
    if (opened.type !== 'rendezvous') throw new Error(opened.type);
    const { code } = opened;
    t.match(await fresh.request({ type: 'meet', code }), { type: 'error', code: 'AUTH_REQUIRED' });
    const wrong = `${code.slice(0, 7)}${code.endsWith('0') ? '1' : '0'}`;
    t.match(await known.request({ type: 'meet', code: wrong }), { code: 'LINK_UNKNOWN' });
    t.match(await known.request({ type: 'meet', code }), { type: 'meeting', nearby: 1 });
    await fresh.push('met');
    t.match(await watching.push('meets'), { device: anna.device.id }, '[HUB-12] all are told');

    t.match(await fresh.request({ type: 'pass', body }), { type: 'ok' });
    t.match(await known.push('passed'), { body });
    t.match(await known.request({ type: 'pass', body }), { type: 'ok' });
    t.match(await fresh.push('passed'), { body });

    t.comment('the new device stands in the chain and shows itself on the socket it waited on');
    const add = anna.deviceAdd({ by: anna.device });
    t.match(await known.statement('user', anna.ref, add.envelope), { type: 'ok' });
    t.match(await fresh.auth(anna, add.device), { type: 'ok' });
    t.match(await known.request({ type: 'part' }), { type: 'ok' });
    await fresh.push('parted');
    t.match(await fresh.request({ type: 'pass', body }), { code: 'LINK_ENDED' });

    t.comment('five tries in a row that lead nowhere, over whatever node');
    for (let i = 0; i < 5; i += 1) {
      const client = i % 2 === 0 ? known : watching;
      t.match(await client.request({ type: 'meet', code }), { code: 'LINK_UNKNOWN' });
    }
    t.match(await watching.request({ type: 'meet', code }), { code: 'LINK_TRIES' });
    t.match(await known.request({ type: 'meet', code: 'K7QM-3XP' }), { code: 'LINK_UNKNOWN' });
  },
);
