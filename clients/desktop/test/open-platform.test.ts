import { once } from 'node:events';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createRockpool } from '@rockpool/client-core';
import { FRAME_BYTES_MAX } from '@rockpool/protocol';
import t from 'tap';
import { type WebSocket, WebSocketServer } from 'ws';
import { type DesktopPlatformOptions, openDesktopPlatform } from '../src/index.ts';

const root = t.testdir();
const fresh = () => mkdtemp(join(root, 'agent-'));

function options(dataDirectory: string, origin = 'http://127.0.0.1:1'): DesktopPlatformOptions {
  return {
    dataDirectory,
    origin,
    keyring: undefined,
    passphrases: { ask: async () => 'correct horse battery staple' },
    sealCost: { costLog2: 4 },
    onStoreFailed: (error) => t.fail(error.message),
  };
}

t.test('a directory is made for its owner alone and belongs to one agent at a time', async (t) => {
  const path = join(await fresh(), 'deep', 'down');
  const first = await openDesktopPlatform(options(path));
  t.equal((await stat(path)).mode & 0o777, 0o700);
  await t.rejects(openDesktopPlatform(options(path)), {
    code: 'AGENT_RUNNING',
    message: new RegExp(path),
  });
  await first.platform.store.write([['a', Uint8Array.of(1)]]);
  const made = await first.platform.keys.create('me');
  await first.close();
  const second = await openDesktopPlatform(options(path));
  t.same(await second.platform.store.get('a'), Uint8Array.of(1));
  t.same(await second.platform.keys.load('me'), made);
  await second.close();
});

t.test('a directory that others could read is closed to them', async (t) => {
  const path = await fresh();
  await chmod(path, 0o755);
  await (await openDesktopPlatform(options(path))).close();
  t.equal((await stat(path)).mode & 0o777, 0o700);
});

t.test('what is no directory, or no origin, is refused and leaves nothing open', async (t) => {
  const path = await fresh();
  const file = join(path, 'file');
  await writeFile(file, 'x');
  await t.rejects(openDesktopPlatform(options(file)), { code: 'AGENT_DIRECTORY_UNUSABLE' });
  await t.rejects(openDesktopPlatform(options(path, 'ftp://x')), { name: 'TypeError' });
  const keyless = { ...options(path), passphrases: { ask: async () => undefined } };
  await t.rejects(openDesktopPlatform(keyless), { code: 'AGENT_PASSPHRASE_NEEDED' });
  await (await openDesktopPlatform(options(path))).close();
  const other = { ...options(path), passphrases: { ask: async () => 'another passphrase' } };
  await t.rejects(openDesktopPlatform(other), { code: 'AGENT_PASSPHRASE_WRONG' });
  await (await openDesktopPlatform(options(path))).close();
});

t.test('keys of another directory are refused at the start', async (t) => {
  const path = await fresh();
  const first = await openDesktopPlatform(options(path));
  await first.platform.keys.create('me');
  await first.close();
  await rm(join(path, 'master-key'));
  await t.rejects(openDesktopPlatform(options(path)), { code: 'AGENT_KEYS_DAMAGED' });
});

t.test('the engine starts on it and asks for nothing that a desktop lacks', async (t) => {
  const { platform, close } = await openDesktopPlatform({
    ...options(await fresh()),
    arrivalFragment: 'x',
  });
  t.equal(platform.arrivalFragment, 'x');
  platform.clearArrival();
  t.equal(platform.arrivalFragment, '');
  t.equal(platform.deviceKind, 'desktop');
  t.equal((await platform.passkeys.capabilities()).usable, true);
  t.equal(await platform.passkeys.register({} as never), 'unavailable');
  t.equal(await platform.passkeys.authenticate({} as never), 'unavailable');
  t.equal(platform.random.bytes(16).length, 16);
  const rung = Promise.withResolvers<void>();
  platform.clock.after(1, () => t.fail('a cancelled timer rings'))();
  platform.clock.after(1, rung.resolve);
  await rung.promise;
  const rockpool = createRockpool(platform);
  const started = Promise.withResolvers<string>();
  const look = () => {
    if (rockpool.view().stage !== 'starting') started.resolve(rockpool.view().stage);
  };
  rockpool.subscribe(look);
  look();
  t.equal(await started.promise, 'signedOut');
  await rockpool.stop();
  await close();
});

t.test('sockets name their origin, carry binary frames and refuse what is too long', async (t) => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  t.teardown(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const { platform, close } = await openDesktopPlatform(options(await fresh(), `${origin}/path`));
  t.equal(platform.sockets.origin, origin);
  const connected = once(server, 'connection');
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<number>();
  const frames: Uint8Array[] = [];
  const framed = Promise.withResolvers<void>();
  const socket = platform.sockets.open('/n/2/ws', {
    onOpen: opened.resolve,
    onFrame: (frame) => {
      frames.push(frame);
      framed.resolve();
    },
    onClose: closed.resolve,
  });
  socket.send(Uint8Array.of(9));
  await opened.promise;
  const [peer, request] = (await connected) as [
    WebSocket,
    { url: string; headers: Record<string, string> },
  ];
  t.equal(request.url, '/n/2/ws');
  t.equal(request.headers['origin'], origin);
  t.equal(request.headers['sec-websocket-extensions'], undefined, 'no compression');
  const heard = once(peer, 'message');
  socket.send(Uint8Array.of(1, 2));
  t.same([...((await heard)[0] as Buffer)], [1, 2]);
  t.equal(socket.bufferedBytes, 0);
  peer.send('text is no frame');
  peer.send(Uint8Array.of(3, 4));
  await framed.promise;
  t.same(
    frames.map((frame) => [...frame]),
    [[3, 4]],
  );
  t.equal(frames[0]?.constructor, Uint8Array);
  peer.send(new Uint8Array(FRAME_BYTES_MAX + 1));
  t.equal(await closed.promise, 1006);
  socket.send(Uint8Array.of(5));
  await close();
});

t.test('a server that is not there is a closed socket', async (t) => {
  const { platform, close } = await openDesktopPlatform(options(await fresh()));
  const closed = Promise.withResolvers<number>();
  const ignore = () => t.fail('nobody is there');
  const events = { onOpen: ignore, onFrame: ignore, onClose: closed.resolve };
  const socket = platform.sockets.open('/ws', events);
  t.equal(await closed.promise, 1006);
  socket.close();
  await close();
});
