// `rockpool doctor --network`, and what the agent says of devices that it cannot reach.

import type { ClientView } from '@rockpool/client-core';
import { startStunServer } from '@rockpool/stun';
import t from 'tap';
import { TroubleReport } from '../src/agent/report-troubles.ts';
import { runCommand } from '../testing/index.ts';
import { shortDirectory } from './kit/short-directory.ts';

t.setTimeout(120_000);

t.test('without an agent it tests the network by the servers that are named', async (t) => {
  const addresses = ['127.0.0.1', '127.0.0.2'];
  const server = await startStunServer({ port: 0, alternatePort: 0, addresses });
  t.teardown(() => server.close());
  const stun = addresses.map((address) => `stun:${address}:${server.port}`).join(',');
  const words = await runCommand(['doctor', '--network', '--stun', stun]);
  t.match(words, { code: 0, errors: '' });
  t.match(words.out, /^good +This network is fine for Rockpool\.\n/);
  t.match(words.out, /^good +No router in between$/m);
  t.match(words.out, /^good +2 of 2 address servers answered$/m);
  t.match(words.out, new RegExp(`^good +stun:127\\.0\\.0\\.2:${server.port} +\\d+ ms$`, 'm'));
  const json = await runCommand(['doctor', '--network', '--stun', stun, '--json']);
  t.match(JSON.parse(json.out), { event: 'network', tone: 'good', router: 'none', peers: [] });
});

t.test('a network that lets nothing out is trouble, and the exit code says so', async (t) => {
  const server = await startStunServer({ port: 0, addresses: ['127.0.0.1'] });
  await server.close();
  const stun = `stun:127.0.0.1:${server.port}`;
  const found = await runCommand(['doctor', '--network', '--stun', stun]);
  t.match(found, { code: 1, out: /^trouble +This network lets no direct connections out\./ });
  t.match(found.out, /let UDP out/);
});

t.test('wrong use is said, and a missing agent too', async (t) => {
  t.match(await runCommand(['doctor']), { code: 2, errors: /--network/ });
  t.match(await runCommand(['doctor', '--network', '--stun', 'turn:x:1']), { code: 2 });
  const env = { ROCKPOOL_AGENT_DATA: shortDirectory(t) };
  const none = await runCommand(['doctor', '--network'], { env });
  t.match(none, { code: 3, errors: /AGENT_NOT_RUNNING/ });
});

t.test('a device that cannot be reached is told once, and once more when it can', async (t) => {
  const trouble = { code: 'noPath', reason: 'No way.', help: 'Move.' } as const;
  const strict = { ...trouble, code: 'strictRouters' } as const;
  const report = new TroubleReport();
  const look = (path: string, why?: object) => {
    const devices = [{ deviceId: 'd2', kind: 'browser', isThis: false, path, trouble: why }];
    const members = [{ userId: 'b2', name: 'Ben', devices }];
    const view = { pools: [{ id: 'p1', members }] } as unknown as ClientView;
    return report.take(view).map((news) => news.trouble?.code ?? 'reached');
  };
  t.same(look('connecting'), []);
  t.same(look('unreachable', trouble), ['noPath']);
  t.same(look('unreachable', trouble), []);
  t.same(look('unreachable', strict), ['strictRouters'], 'another reason is news');
  t.same(look('direct'), ['reached']);
  t.same(look('direct'), []);
  t.same(look('unreachable', trouble), ['noPath']);
  t.same(look('offline'), []);
  t.same(look('direct'), [], 'it came back by itself');
});
