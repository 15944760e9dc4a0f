// Our few lines of HTTP/2 against node:http2, which knows the protocol from elsewhere.
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import t, { type Test } from 'tap';
import { GrpcConnection } from '../src/raft/grpc-connection.ts';

const LARGE_BYTES = 3_000_000;

function framed(message: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

async function answer(stream: ServerHttp2Stream, path: string): Promise<void> {
  if (path === '/refuse') {
    stream.respond({ ':status': 200, 'grpc-status': '13' }, { endStream: true });
    return;
  }
  if (path === '/silence') return;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  const message = Buffer.concat(chunks).subarray(5);
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(framed(path === '/large' ? Buffer.alloc(LARGE_BYTES, message) : message));
}

async function serve(t: Test): Promise<{ sockets: Socket[]; connection: GrpcConnection }> {
  const server = createServer();
  const sockets: Socket[] = [];
  server.on('connection', (socket) => sockets.push(socket));
  server.on('stream', (stream, headers) => {
    if (headers['content-type'] !== 'application/grpc' || headers['te'] !== 'trailers')
      stream.close();
    else void answer(stream, headers[':path'] ?? '');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const connection = await GrpcConnection.open((server.address() as AddressInfo).port);
  t.teardown(() => {
    connection.close();
    server.close();
  });
  return { sockets, connection };
}

t.test(
  'calls are answered one by one and many at once, beyond the window of the server',
  async (t) => {
    const { connection } = await serve(t);
    t.same(await connection.call('/echo', Buffer.from('first')), Buffer.from('first'));
    const sent = Array.from({ length: 1_000 }, (_, at) => Buffer.alloc(300, `${at} `));
    t.same(await Promise.all(sent.map((message) => connection.call('/echo', message))), sent);
    t.same(await connection.call('/echo', Buffer.alloc(0)), Buffer.alloc(0));
  },
);

t.test('answers of many frames come whole', async (t) => {
  const { connection } = await serve(t);
  const answers = ['a', 'b'].map((text) => connection.call('/large', Buffer.from(text)));
  t.ok((await answers[0])?.equals(Buffer.alloc(LARGE_BYTES, 'a')));
  t.ok((await answers[1])?.equals(Buffer.alloc(LARGE_BYTES, 'b')));
});

t.test('a call without a message was refused, and calls end with their connection', async (t) => {
  const { connection, sockets } = await serve(t);
  await t.rejects(connection.call('/refuse', Buffer.from('x')), /refused/);
  t.same(await connection.call('/echo', Buffer.from('next')), Buffer.from('next'));
  const waiting = connection.call('/silence', Buffer.from('x'));
  for (const socket of sockets) socket.destroy();
  await t.rejects(waiting, /connection ended/);
});
