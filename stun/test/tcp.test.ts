// STUN over TCP: framing, and what is cut off.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { StreamFramer } from '../src/codec/stream-framer.ts';
import { type StunServer, type StunServerOptions, startStunServer } from '../src/server.ts';
import { attribute, fromHex, message, withFingerprint } from './stun-messages.ts';

async function start(t: Test, options: Partial<StunServerOptions> = {}) {
  const addresses = ['127.0.0.1', '::1'];
  const server = await startStunServer({ port: 0, addresses, tcp: true, ...options });
  t.teardown(() => server.close());
  return server;
}

async function client(t: Test, { port }: StunServer, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect(port, host);
  socket.on('error', () => undefined);
  t.teardown(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function read(socket: Socket, wanted: number): Promise<Buffer> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < wanted) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    bytes = Buffer.concat([bytes, chunk]);
  }
  return bytes;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when the server ended this connection. */
function ended(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.once('close', () => resolve());
  });
}

t.test('[STUN-15] answers over TCP are those of UDP, on either family', async (t) => {
  const server = await start(t);
  for (const [host, bytes] of [
    ['127.0.0.1', 32],
    ['::1', 44],
  ] as const) {
    const socket = await client(t, server, host);
    socket.write(message());
    const answer = await read(socket, bytes);
    t.equal(answer.length, bytes);
    t.equal(answer.readUInt16BE(0), 0x0101);
    t.equal(answer.readUInt16BE(26) ^ 0x2112, socket.localPort);
  }
  t.equal(server.metrics().outcomes.success, 2);
});

t.test('[STUN-15] messages follow each other, however the bytes are cut', async (t) => {
  const server = await start(t);
  const socket = await client(t, server);
  socket.setNoDelay(true);
  const required = message(attribute(0x0003, new Uint8Array(4)));
  const stream = Buffer.concat([message(), withFingerprint(message()), required, message()]);
  for (let at = 0; at < stream.length; at += 7) socket.write(stream.subarray(at, at + 7));
  const answers = await read(socket, 32 + 40 + 56 + 32);
  t.equal(answers.length, 32 + 40 + 56 + 32);
  t.match(server.metrics().outcomes, { success: 3, 'unknown-attributes': 1 });
});

t.test('[STUN-15] what is not to be answered ends the connection', async (t) => {
  const server = await start(t);
  const bad = [
    Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n'),
    message().fill(1, 0, 2),
    message(fromHex('80220009')),
    message(attribute(0x8022, new Uint8Array(2000))),
    Buffer.alloc(65_536),
  ];
  for (const bytes of bad) {
    const socket = await client(t, server);
    socket.write(bytes);
    await ended(socket);
  }
  while (server.metrics().tcp.open > 0) await nextTurn();
  t.match(server.metrics().tcp, { accepted: bad.length, cutOff: bad.length });
});

t.test('[STUN-16] who dribbles or is silent is cut off', async (t) => {
  const server = await start(t, { tcpLimits: { messageWithinMs: 60 } });
  const silent = await client(t, server);
  const dribbling = await client(t, server);
  const long = message(attribute(0x8022, new Uint8Array(1400)));
  let at = 0;
  const dribble = setInterval(() => dribbling.write(long.subarray(at, ++at)), 20);
  t.teardown(() => clearInterval(dribble));
  await Promise.all([ended(silent), ended(dribbling)]);
  t.ok(at < long.length, 'its first message was not yet whole');
  while (server.metrics().tcp.open > 0) await nextTurn();
  t.equal(server.metrics().tcp.cutOff, 2);
});

t.test('[STUN-16] connections are bounded, of one source and of all', async (t) => {
  const tcpLimits = { connectionsMax: 3, connectionsPerSourceMax: 2 };
  const server = await start(t, { tcpLimits });
  const kept = [await client(t, server), await client(t, server)];
  await ended(await client(t, server));
  await client(t, server, '::1');
  await ended(await client(t, server, '::1'));
  t.match(server.metrics().tcp, { open: 3, accepted: 3, refused: 2 });
  kept[0]?.destroy();
  while (server.metrics().tcp.open > 2) await nextTurn();
  const next = await client(t, server);
  next.write(message());
  t.equal((await read(next, 32)).length, 32, 'a place that was left is given again');
});

t.test('[STUN-16] a client that is cut off by the limit of answers may come again', async (t) => {
  const server = await start(t, {
    limits: { answersPerSecond: 0, burst: 2, sourcesMax: 64 },
  });
  const socket = await client(t, server);
  socket.write(Buffer.concat(Array(5).fill(message())));
  await ended(socket);
  t.match(server.metrics().outcomes, { success: 2, limited: 1 });
});

t.test(
  '[STUN-16] who does not read its answers is cut off, who reads as many is not',
  async (t) => {
    const limits = { answersPerSecond: 1e9, burst: 1e9, sourcesMax: 64 };
    const server = await start(t, { limits });
    const thousand = Buffer.concat(Array(1_000).fill(message()));
    // More than the kernel holds for a connection.
    const rounds = 500;
    const reading = await client(t, server);
    let readBytes = 0;
    reading.on('data', (answers) => {
      readBytes += answers.length;
    });
    for (let round = 1; round <= rounds; round += 1) {
      reading.write(thousand);
      while (readBytes < round * 1_000 * 32 && !reading.destroyed) await nextTurn();
    }
    t.equal(server.metrics().tcp.cutOff, 0);
    const deaf = await client(t, server);
    deaf.pause();
    const gone = new Promise<void>((resolve) => deaf.once('close', () => resolve()));
    let sent = 0;
    for (; sent < rounds && !deaf.destroyed; sent += 1) {
      const more = new Promise((resolve) => deaf.once('drain', resolve));
      if (!deaf.write(thousand)) await Promise.race([more, gone]);
    }
    t.ok(sent < rounds, 'it was ended');
    t.equal(server.metrics().tcp.cutOff, 1);
  },
);

t.test('[STUN-15] a taken TCP port is refused, and closing ends connections', async (t) => {
  const server = await start(t);
  const socket = await client(t, server);
  await server.close();
  await ended(socket);
  const again = await start(t, { port: server.port });
  t.equal(again.port, server.port);
  const udpOnly = await startStunServer({ port: 0, addresses: ['127.0.0.1'] });
  t.teardown(() => udpOnly.close());
  const refused = connect(udpOnly.port, '127.0.0.1');
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  t.equal(error.code, 'ECONNREFUSED', 'off unless an operator wants it');
});

t.test('[STUN-15] any way to cut a stream gives the same messages', (t) => {
  const messages = [message(), withFingerprint(message()), message(attribute(1, fromHex('ab')))];
  const stream = Buffer.concat(messages);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: stream.length })), (cuts) => {
      const found: Uint8Array[] = [];
      const framer = new StreamFramer();
      const ends = [...cuts.toSorted((a, b) => a - b), stream.length];
      let at = 0;
      for (const end of ends) {
        const keep = (bytes: Uint8Array) => found.push(Uint8Array.from(bytes)) > 0;
        if (!framer.feed(stream.subarray(at, end), keep)) return false;
        at = end;
      }
      return Buffer.concat(found).equals(stream) && found.length === messages.length;
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 2000 })), (chunks) => {
      const framer = new StreamFramer();
      for (const chunk of chunks) if (!framer.feed(chunk, () => true)) return;
    }),
  );
  t.pass('the properties hold');
  t.end();
});
