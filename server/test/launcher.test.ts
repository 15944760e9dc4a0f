import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import WebSocket, { WebSocketServer } from 'ws';
import type { NodeStatus } from '../src/control/control-messages.ts';
import { freeTcpPort, freeTcpPorts, freeUdpPort } from '../src/launcher/free-ports.ts';
import { type FrontDoor, openFrontDoor } from '../src/launcher/front-door.ts';
import { routeRequest } from '../src/launcher/front-door-routes.ts';
import {
  isLauncherDirectory,
  readLauncherFile,
  writeLauncherFile,
} from '../src/launcher/launcher-file.ts';
import { readLauncherOptions } from '../src/launcher/launcher-options.ts';
import { choosePorts } from '../src/launcher/local-ports.ts';
import { NodeBoard, renderNodeLine } from '../src/launcher/node-board.ts';
import { sourceHash } from '../src/launcher/web-build.ts';

t.test('[GW-12] paths choose the node, addresses are sent to localhost', (t) => {
  const route = (host: string | undefined, url: string) => routeRequest(host, url, 8080);
  t.same(route('localhost:8080', '/'), { kind: 'any', path: '/' });
  t.same(route('localhost:8080', '/n/2/ws'), { kind: 'node', name: '2', path: '/ws' });
  t.same(route('localhost', '/n/2'), { kind: 'node', name: '2', path: '/' });
  t.same(route('localhost', '/n//ws'), { kind: 'any', path: '/n//ws' });
  t.same(route('127.0.0.1:8080', '/a?b=1'), {
    kind: 'redirect',
    location: 'http://localhost:8080/a?b=1',
  });
  t.match(route('[::1]:8080', '/'), { kind: 'redirect' });
  t.match(route('127.0.0.1', '//evil.example/x'), {
    location: 'http://localhost:8080/evil.example/x',
  });
  t.same(route('evil.example:8080', '/'), { kind: 'foreign' });
  t.same(route(undefined, '/'), { kind: 'any', path: '/' });
  t.end();
});

/** A node as the front door sees it: it says its name, and whom the request came from. */
class FakeNode {
  ready = true;
  readonly name: string;
  readonly seen: IncomingMessage[] = [];
  readonly #server: Server;
  readonly #sockets: WebSocketServer;

  constructor(name: string) {
    this.name = name;
    this.#server = createServer((request, response) => {
      if (request.url === '/readyz') {
        response.writeHead(this.ready ? 200 : 503).end();
        return;
      }
      this.seen.push(request);
      response.end(`${this.name} ${request.url}`);
    });
    this.#sockets = new WebSocketServer({ server: this.#server });
    this.#sockets.on('connection', (socket, request) => socket.send(`${this.name} ${request.url}`));
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async kill(): Promise<void> {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function scene(t: { teardown(fn: () => unknown): void }) {
  const nodes = [new FakeNode('1'), new FakeNode('2')];
  for (const node of nodes) await node.listen();
  const upstreams = nodes.map(({ name, port }) => ({ name, port }));
  const changes: (() => void)[] = [];
  const door = await openFrontDoor({
    port: 0,
    upstreams,
    changed: () => {
      for (const change of changes) change();
    },
  });
  t.teardown(async () => {
    await door.close();
    await Promise.all(nodes.map((node) => node.kill().catch(() => {})));
  });
  const until = (holds: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => holds() && resolve();
      changes.push(look);
      look();
    });
  return { nodes: nodes as [FakeNode, FakeNode], door, until };
}

function get(door: FrontDoor, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; text: string; location: string | undefined }>(
    (resolve, reject) => {
      const wanted = { port: door.port, host: '127.0.0.1', path, agent: false as const };
      const host = { host: `localhost:${door.port}`, ...headers };
      request({ ...wanted, headers: host }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        const { location } = response.headers;
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text, location }));
      })
        .on('error', reject)
        .end();
    },
  );
}

function firstMessage(door: FrontDoor, path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://localhost:${door.port}${path}`);
    socket.on('message', (data: Buffer) => {
      resolve(data.toString());
      socket.close();
    });
    socket.on('unexpected-response', (_request, response) => resolve(String(response.statusCode)));
    socket.on('error', () => resolve('error'));
  });
}

t.test('[GW-12] the front door serves on when a node is gone, and takes it back', async (t) => {
  const { nodes, door, until } = await scene(t);
  const [one, two] = nodes;
  const both = new Set([(await get(door, '/x')).text, (await get(door, '/x')).text]);
  t.same(both, new Set(['1 /x', '2 /x']), 'requests go to the ready nodes in turn');
  t.equal((await get(door, '/n/1/livez?a=b')).text, '1 /livez?a=b');
  t.equal(await firstMessage(door, '/n/2/ws'), '2 /ws');

  const { port } = one;
  await one.kill();
  for (let i = 0; i < 3; i++) t.equal((await get(door, '/x')).text, '2 /x', 'at once, and always');
  for (let i = 0; i < 3; i++) t.equal(await firstMessage(door, '/ws'), '2 /ws');
  t.equal((await get(door, '/n/1/livez')).status, 503, 'a named node is never another one');
  t.equal(await firstMessage(door, '/n/1/ws'), '503');
  t.equal(await firstMessage(door, '/n/9/ws'), '503');

  const back = new FakeNode('1');
  await back.listen(port);
  t.teardown(() => back.kill());
  await until(() => door.ready('1'));
  t.same(new Set([(await get(door, '/x')).text, (await get(door, '/x')).text]).size, 2);

  two.ready = false;
  await until(() => !door.ready('2'));
  for (let i = 0; i < 3; i++) t.equal((await get(door, '/x')).text, '1 /x', 'only a ready one');
});

t.test('[GW-12] without any node a page says so in plain words', async (t) => {
  const { nodes, door } = await scene(t);
  for (const node of nodes) await node.kill();
  const answer = await get(door, '/');
  t.equal(answer.status, 503);
  t.match(answer.text, /Rockpool is not ready yet/);
});

t.test(
  'the front door tells nodes whom a request came from, and redirects addresses',
  async (t) => {
    const { nodes, door } = await scene(t);
    await get(door, '/n/1/x', { 'x-forwarded-for': '192.0.2.99' });
    t.match(nodes[0].seen[0]?.headers['x-forwarded-for'], /^127\.0\.0\.1$/);
    t.match(await get(door, '/a?b', { host: `127.0.0.1:${door.port}` }), {
      status: 307,
      location: `http://localhost:${door.port}/a?b`,
    });
    t.match(await get(door, '/', { host: 'evil.example' }), { status: 421 });
  },
);

t.test('a taken port is an error that names it', async (t) => {
  const { door } = await scene(t);
  await t.rejects(openFrontDoor({ port: door.port, upstreams: [] }), { code: 'EADDRINUSE' });
});

t.test('options of npm start', (t) => {
  const read = (...args: string[]) => readLauncherOptions(args, '/root-dir');
  t.match(read(), {
    options: { nodes: 3, port: 8080, dataDir: '/root-dir/.data', fresh: false, demo: false },
  });
  t.match(read('--nodes', '1', '--port', '9000', '--data', '/d', '--fresh', '--demo'), {
    options: { nodes: 1, port: 9000, dataDir: '/d', fresh: true, demo: true },
  });
  t.same(read('--help'), { kind: 'help' });
  for (const wrong of [['--nodes', '2'], ['--port', '0'], ['--port', 'x'], ['--what'], ['here']]) {
    t.match(read(...wrong), { kind: 'wrong', why: /./ }, wrong.join(' '));
  }
  t.end();
});

t.test('--fresh clears only what a launcher made', async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'rockpool-launcher-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  t.equal(isLauncherDirectory(join(dir, 'none')), true);
  t.equal(isLauncherDirectory(dir), true, 'an empty one');
  writeFileSync(join(dir, 'holiday.jpg'), '');
  t.equal(isLauncherDirectory(dir), false);
  t.equal(readLauncherFile(dir), undefined);
  const nodes = await choosePorts(3, []);
  writeLauncherFile(dir, { version: 1, nodes });
  t.equal(isLauncherDirectory(dir), true);
  t.same(readLauncherFile(dir)?.nodes, nodes);
  const ports = nodes.flatMap(({ httpPort, peerPort, metricsPort, stunPort }) => {
    return [httpPort, peerPort, metricsPort, stunPort];
  });
  const distinct = process.platform === 'linux' ? 10 : 12;
  t.equal(new Set(ports).size, distinct, 'no port twice, but that of STUN where it can be shared');
  const again = await choosePorts(3, nodes);
  t.same(
    again.map(({ httpPort, peerPort }) => [httpPort, peerPort]),
    nodes.map(({ httpPort, peerPort }) => [httpPort, peerPort]),
    'free ports are kept',
  );
  for (const text of ['{', '{"version":2,"nodes":[]}', '{"version":1,"nodes":[{"name":"1"}]}']) {
    writeFileSync(join(dir, 'launcher.json'), text);
    t.throws(() => readLauncherFile(dir), { message: /--fresh/ });
  }
});

t.test('free ports lie below those of outgoing connections, and none comes twice', async (t) => {
  const [next] = await freeTcpPorts(1);
  const holder = createServer().listen(next! + 1, '127.0.0.1');
  await once(holder, 'listening');
  t.teardown(() => holder.close());
  const ports = [...(await freeTcpPorts(20)), await freeTcpPort(), await freeUdpPort()];
  t.equal(new Set([...ports, next, next! + 1]).size, ports.length + 2, 'nor one that is held');
  t.ok(ports.every((port) => port >= 10_000 && port < 32_768));
});

t.test('a STUN port stays with its node while the node is down', async (t) => {
  const [mine] = await choosePorts(1, []);
  const [theirs] = await choosePorts(1, []);
  t.not(mine?.stunPort, theirs?.stunPort, 'no process listens on it, and yet it is taken');
});

t.test('live lines are drawn in place on a terminal, and printed on change elsewhere', (t) => {
  const printed: string[] = [];
  const lines = new NodeBoard({ isTTY: false, write: (text) => void printed.push(text) });
  lines.show(['node 1  a', 'node 2  b']);
  lines.show(['node 1  a', 'node 2  c']);
  lines.say('hello');
  t.same(printed, ['node 1  a\n', 'node 2  b\n', 'node 2  c\n', 'hello\n']);
  const screen: string[] = [];
  const live = new NodeBoard({ isTTY: true, write: (text) => void screen.push(text) });
  live.show(['node 1  a']);
  live.say('hello');
  live.show(['node 1  b']);
  t.equal(
    screen.join(''),
    'node 1  a\n\u001b[1A\u001b[0Jhello\nnode 1  a\n\u001b[1A\u001b[0Jnode 1  b\n',
  );
  t.end();
});

t.test("a node's line says its process, what it leads and how many sockets it has", (t) => {
  const groups = [{ role: 'leader' }, { role: 'follower' }, { role: 'leader' }];
  const status = {
    ready: true,
    sockets: { anonymous: 0, device: 1 },
    cluster: { groups },
  } as unknown as NodeStatus;
  const node = { name: '2', pid: 77, lastEnd: undefined, status };
  t.equal(renderNodeLine(node), 'node 2  pid 77  leads 2 of 3 groups  1 socket');
  t.equal(renderNodeLine({ ...node, status: undefined }), 'node 2  pid 77  starting');
  const dead = { ...node, pid: undefined, lastEnd: 'SIGKILL', status: undefined };
  t.match(renderNodeLine(dead), /^node 2 {2}stopped \(SIGKILL\)/);
  t.end();
});

t.test('the web client is stale when the content of a source changed, not its time', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'rockpool-sources-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  const file = join(root, 'clients/web/src/main.tsx');
  mkdirSync(join(root, 'clients/web/src'), { recursive: true });
  writeFileSync(file, 'one');
  const before = sourceHash(root);
  writeFileSync(file, 'one');
  t.equal(sourceHash(root), before);
  writeFileSync(file, 'two');
  t.not(sourceHash(root), before);
  t.end();
});
