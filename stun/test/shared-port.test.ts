// Several processes on one port, and a flood beside a client.
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { probeStun } from '../src/probe.ts';
import { message } from './stun-messages.ts';
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

  t.test('[STUN-11] [STUN-9] a flood beside a client: it is served, memory stays', async (t) => {
    const server = await start({ port: 0, addresses: ['127.0.0.1', '::1'] });
    t.teardown(() => server.close());
    const flooding = await Promise.all(
      Array.from({ length: 32 }, async (_, at) => {
        // One address floods with half of the sockets, many with one each.
        const socket = createSocket('udp4').bind(0, `127.0.1.${Math.max(1, at - 15)}`);
        await once(socket, 'listening');
        t.teardown(() => socket.close());
        return socket;
      }),
    );
    const garbage = Buffer.alloc(1_200, 0x2a);
    const wave = () => {
      for (const socket of flooding) {
        for (let count = 0; count < 4; count += 1) socket.send(message(), server.port, LOOPBACK);
        socket.send(garbage, server.port, LOOPBACK);
      }
    };
    const floodRound = async () => {
      wave();
      const answer = await probeStun({ host: '::1', port: server.port });
      t.ok(answer.ok, 'the client beside the flood has its answer');
    };
    for (let round = 0; round < 100; round += 1) await floodRound();
    const before = process.memoryUsage();
    for (let round = 0; round < 100; round += 1) await floodRound();
    const after = process.memoryUsage();
    t.ok(server.metrics().outcomes.limited > 0, 'the flood was limited');
    const grownBytes = after.rss - before.rss;
    t.ok(grownBytes < 32 * 2 ** 20, `memory grew by ${grownBytes} bytes`);
  });
});
