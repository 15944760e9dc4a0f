// Several servers on one port.
import { probeStun } from '../src/probe.ts';
import { forEachWay } from './ways.ts';

const LOOPBACK = '127.0.0.1';

forEachWay((t, start) => {
  t.test('[STUN-17] a shared port answers while any of its servers lives', async (t) => {
    const shared = { addresses: [LOOPBACK, '::1'], tcp: true, sharePort: true };
    if (process.platform !== 'linux') {
      const starting = start({ port: 0, ...shared });
      await t.rejects(starting, { code: 'STUN_SHARING_UNSUPPORTED' });
      return;
    }
    const first = await start({ port: 0, ...shared });
    const { port } = first;
    const others = await Promise.all([1, 2].map(() => start({ port, ...shared })));
    const servers = [first, ...others];
    t.teardown(() => Promise.all(servers.map((server) => server.close())));
    const answered = () => servers.map((server) => server.metrics().outcomes.success);
    // The kernel chooses by the client's port, so that many clients reach each of them.
    for (let asked = 0; asked < 200 && answered().includes(0); asked += 1) {
      t.ok((await probeStun({ host: LOOPBACK, port })).ok);
    }
    t.notOk(answered().includes(0), `each answered: ${answered().join(', ')}`);
    await first.close();
    await others[1]?.close();
    for (const host of [LOOPBACK, '::1']) {
      for (let asked = 0; asked < 8; asked += 1) t.ok((await probeStun({ host, port })).ok);
    }
  });

  t.test('[STUN-12] a port that is not shared by both is taken', async (t) => {
    const addresses = [LOOPBACK];
    const alone = await start({ port: 0, addresses });
    t.teardown(() => alone.close());
    const joining = start({ port: alone.port, addresses, sharePort: true });
    const code = process.platform === 'linux' ? 'STUN_PORT_IN_USE' : 'STUN_SHARING_UNSUPPORTED';
    await t.rejects(joining, { code });
  });
});
