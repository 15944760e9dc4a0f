import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import t, { type Test } from 'tap';
import { probeStun } from '../src/probe.ts';
import { type StunServerOptions, startStunServer } from '../src/server.ts';
import { attribute, fromHex, message, withFingerprint } from './stun-messages.ts';
import { forEachWay } from './ways.ts';

/** The part of npm `stun` that is used here as a second opinion; it comes without types. */
interface StunPackage {
  request(
    url: string,
    options: { socket: Socket },
  ): Promise<{ getXorAddress(): { address: string; port: number; family: string } }>;
}
const require = createRequire(import.meta.url);
const stunPackage: StunPackage = require('stun');

const LOOPBACK = ['127.0.0.1', '::1'];

async function client(t: Test, type: 'udp4' | 'udp6' = 'udp4') {
  const socket = createSocket(type);
  socket.bind(0, type === 'udp4' ? '127.0.0.1' : '::1');
  await once(socket, 'listening');
  t.teardown(() => socket.close());
  return socket;
}

async function answerTo(socket: Socket, request: Uint8Array, port: number) {
  socket.send(request, port, socket.address().family === 'IPv6' ? '::1' : '127.0.0.1');
  const [answer] = (await once(socket, 'message')) as [Buffer];
  return answer;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

forEachWay((t, startWay) => {
  async function start(t: Test, options: Partial<StunServerOptions> = {}) {
    const server = await startWay({ port: 0, addresses: LOOPBACK, ...options });
    t.teardown(() => server.close());
    return server;
  }

  t.test('[STUN-1] a client learns its address over IPv4 and IPv6 on one port', async (t) => {
    const server = await start(t);
    t.same(server.addresses, LOOPBACK);
    for (const host of ['127.0.0.1', '::1', '[::1]']) {
      const result = await probeStun({ host, port: server.port });
      if (!result.ok) throw new Error(`${host}: ${result.code}`);
      t.equal(result.address, host.replace(/[[\]]/g, ''));
      t.equal(result.family, host.includes(':') ? 6 : 4);
      t.ok(result.port > 0 && result.rttMs >= 0);
    }
    t.equal(server.metrics().outcomes.success, 3);
  });

  t.test(
    '[STUN-8] [STUN-5] answers have 32 and 44 bytes, 8 more if FINGERPRINT was sent',
    async (t) => {
      const { port } = await start(t);
      const ipv4 = await client(t);
      const ipv6 = await client(t, 'udp6');
      t.equal((await answerTo(ipv4, message(), port)).length, 32);
      t.equal((await answerTo(ipv6, message(), port)).length, 44);
      const signed = await answerTo(ipv4, withFingerprint(message()), port);
      const again = signed.subarray(0, 32);
      t.same(Uint8Array.from(signed), withFingerprint(again), 'its FINGERPRINT is right');
    },
  );

  t.test('[STUN-1] the npm stun client understands the answers', async (t) => {
    const { port } = await start(t);
    const socket = await client(t);
    const answer = await stunPackage.request(`127.0.0.1:${port}`, { socket });
    t.match(answer.getXorAddress(), { address: '127.0.0.1', port: socket.address().port });
  });

  t.test(
    '[STUN-2] [STUN-3] only a sound request is answered, and every datagram is counted',
    async (t) => {
      const server = await start(t);
      const socket = await client(t);
      const answers: Buffer[] = [];
      socket.on('message', (answer) => answers.push(answer));
      const success = message().fill(1, 0, 2);
      const bad = [
        Buffer.alloc(0),
        Buffer.from('GET / HTTP/1.1'),
        Buffer.alloc(60_000, 1),
        message(attribute(0x8022, new Uint8Array(2000))),
        message(fromHex('80220009')),
        message(...Array(129).fill(fromHex('80220000'))),
        message(fromHex('8028000400000000')),
        success,
      ];
      for (const datagram of bad) socket.send(datagram, server.port, '127.0.0.1');
      // Datagrams of one socket over loopback keep their order: this one's answer is the first, or a bad one had one.
      const required = message(attribute(0x0003, new Uint8Array(4)));
      const answer = await answerTo(socket, required, server.port);
      t.equal(answer.readUInt16BE(0), 0x0111);
      t.equal(answers.length, 1);
      t.match(server.metrics().outcomes, {
        success: 0,
        'unknown-attributes': 1,
        'not-stun': 3,
        'too-long': 1,
        malformed: 1,
        'too-many-attributes': 1,
        'bad-fingerprint': 1,
        'not-a-binding-request': 1,
      });
    },
  );

  t.test('[STUN-2] the longest datagrams there are get no answer, and harm nobody', async (t) => {
    const server = await start(t);
    const socket = await client(t);
    const longest = [
      Buffer.alloc(65_507, 0x01),
      message(attribute(0x8022, new Uint8Array(65_480))),
      message(fromHex('8022ffff'), new Uint8Array(65_480)),
    ];
    for (const datagram of longest) {
      socket.send(datagram, server.port, '127.0.0.1');
      // One at a time, since they fill what the kernel keeps for a socket.
      t.equal((await answerTo(socket, message(), server.port)).length, 32);
    }
    const { outcomes } = server.metrics();
    t.match(outcomes, { success: 3, 'not-stun': 1, 'too-long': 2, malformed: 0 });
  });

  t.test('[STUN-9] a flood from one address is cut off, another address is served', async (t) => {
    const limits = { answersPerSecond: 0, burst: 3, sourcesMax: 64 };
    const server = await start(t, { limits });
    const socket = await client(t);
    let answers = 0;
    socket.on('message', () => {
      answers += 1;
    });
    for (let count = 0; count < 50; count += 1) socket.send(message(), server.port, '127.0.0.1');
    const other = await client(t, 'udp6');
    t.equal((await answerTo(other, message(), server.port)).length, 44);
    while (server.metrics().outcomes.limited < 47 || answers < 3) await nextTurn();
    t.equal(server.metrics().outcomes.success, 4);
  });

  t.test('[STUN-12] a taken port is refused with its code, on either family', async (t) => {
    for (const type of ['udp4', 'udp6'] as const) {
      const taken = await client(t, type);
      const { port } = taken.address();
      await t.rejects(startWay({ port, addresses: LOOPBACK }), { code: 'STUN_PORT_IN_USE' });
    }
    const free = await start(t);
    await free.close();
    await free.close();
    const again = await start(t, { port: free.port });
    t.equal(again.port, free.port, 'a closed server gives its port back');
  });

  t.test('[STUN-12] an address of another machine, and no address, are refused', async (t) => {
    for (const address of ['192.0.2.1', 'localhost', '']) {
      await t.rejects(startWay({ port: 0, addresses: [address] }), {
        code: 'STUN_ADDRESS_UNAVAILABLE',
      });
    }
  });
});

t.test('[STUN-14] the probe sends again after a lost request', async (t) => {
  const server = await startStunServer({ port: 0, addresses: LOOPBACK });
  t.teardown(() => server.close());
  const relay = await client(t);
  let lost = 0;
  let asker = 0;
  relay.on('message', (datagram, { port }) => {
    if (port === server.port) relay.send(datagram, asker, '127.0.0.1');
    else if (lost++ > 0) {
      asker = port;
      relay.send(datagram, server.port, '127.0.0.1');
    }
  });
  const result = await probeStun({ host: '127.0.0.1', port: relay.address().port });
  t.match(result, { ok: true, address: '127.0.0.1', port: relay.address().port });
  t.equal(lost, 2);
});

t.test('the probe says why there is no answer', async (t) => {
  const silent = await client(t);
  const { port } = silent.address();
  const probe = (host: string, at: number) => probeStun({ host, port: at });
  const unanswered = await probeStun({ host: '127.0.0.1', port, timeoutMs: 50 });
  t.same(unanswered, { ok: false, code: 'STUN_NO_ANSWER' });
  t.same(await probe('x'.repeat(300), port), { ok: false, code: 'STUN_HOST_UNKNOWN' });
  const closed = createSocket('udp4').bind(0, '127.0.0.1');
  await once(closed, 'listening');
  const freed = closed.address().port;
  await new Promise<void>((resolve) => closed.close(() => resolve()));
  t.same(await probe('127.0.0.1', freed), { ok: false, code: 'STUN_UNREACHABLE' });
  silent.on('message', (request, source) => {
    const refusal = Buffer.concat([request, attribute(0x0009, fromHex('00000400'))]);
    refusal.set([1, 0x11, 0, 8]);
    silent.send(refusal, source.port, source.address);
  });
  t.same(await probe('127.0.0.1', port), { ok: false, code: 'STUN_REFUSED' });
});
