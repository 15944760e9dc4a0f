import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { encodeStoredValue } from '@rockpool/storage';
import t, { type Test } from 'tap';
import { decodeIdentity, decodePeerMark, encodeIdentity } from '../src/format/identity.ts';
import {
  decodePeerFrame,
  encodePeerFrame,
  FRAME_BYTES_MAX,
  FRAME_KIND,
  FrameSplitter,
  type PeerFrame,
} from '../src/format/peer-frame.ts';
import { decodeRefusal, encodeHello } from '../src/format/peer-payload.ts';
import { KEY_KIND, rowKey, storeKey } from '../src/format/store-key.ts';
import { clusterRowKey, decodeNode, encodeNode, nodeRowKey } from '../src/meta/meta-records.ts';
import type { NodeError } from '../src/node-error.ts';
import { HandshakeFailures } from '../src/peer/handshake-failures.ts';
import { makeNodeKey, type NodeKey } from '../src/peer/node-key.ts';
import { parseAddress } from '../src/peer/peer-ports.ts';
import { openNodeStore } from '../src/store/node-store.ts';
import { payloadOf } from '../src/store/verify-store.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { createStore, openStore, stageDurably } from '../testing/log-store-suite.ts';
import { MemoryDisk } from '../testing/memory-store.ts';
import { TestNodes } from '../testing/test-nodes.ts';

interface Setup {
  readonly nodes: TestNodes;
  readonly port: number;
  /** The key of node 2, which does not run itself. */
  readonly key: NodeKey;
  /** What node 2 would send to node 1 first. */
  readonly hello: PeerFrame;
}

async function setUp(test: Test): Promise<Setup> {
  const nodes = await TestNodes.init(counterMachine, 3);
  test.teardown(() => nodes.end());
  const first = await nodes.start(0);
  const status = first.status();
  const [, dataDir] = nodes.dataDirs;
  const key = {
    key: await readFile(join(dataDir!, 'node.key'), 'utf8'),
    certificate: await readFile(join(dataDir!, 'node.crt'), 'utf8'),
  };
  const store = await openNodeStore(join(dataDir!, 'store'));
  const identityKey = storeKey(KEY_KIND.identity);
  const [value] = await store.getMany([identityKey]);
  await store.close();
  const hello = {
    clusterId: status.clusterId,
    sender: nodes.made.nodes[1]!.id,
    incarnation: decodeIdentity(payloadOf(identityKey, value!))!.incarnation,
    bootNumber: 5,
    bootId: '0b'.repeat(8),
    bootBatch: 90,
    batch: 100,
    receiver: nodes.made.nodes[0]!.id,
    clockMs: 1,
    kind: FRAME_KIND.hello,
    payload: encodeHello({ featureLevel: 1, peerAddress: '' }),
  };
  return { nodes, port: parseAddress(status.listenAddress)!.port, key, hello };
}

async function dial(port: number, key: NodeKey | undefined): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    minVersion: 'TLSv1.3',
    rejectUnauthorized: false,
    ...(key === undefined ? {} : { key: key.key, cert: key.certificate }),
  });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

/** What the node answers before it closes the connection. */
async function refusalOf(socket: TLSSocket): Promise<string | undefined> {
  const splitter = new FrameSplitter();
  let code: string | undefined;
  socket.on('data', (chunk: Uint8Array) => {
    for (const body of splitter.push(chunk) ?? []) {
      const decoded = decodePeerFrame(body);
      if (decoded.ok && decoded.frame.kind === FRAME_KIND.refusal) {
        code = decodeRefusal(decoded.frame.payload);
      }
    }
  });
  if (!socket.closed) await once(socket, 'close');
  return code;
}

async function exchange(setup: Setup, bytes: Uint8Array): Promise<string | undefined> {
  const socket = await dial(setup.port, setup.key);
  const refused = refusalOf(socket);
  socket.write(bytes);
  return refused;
}

t.test('[PEER-1] an unknown key, or none, is refused with a coded log line', async (t) => {
  const setup = await setUp(t);
  const stranger = await dial(setup.port, await makeNodeKey('stranger'));
  const closed = refusalOf(stranger);
  stranger.write(encodePeerFrame(setup.hello));
  t.equal(await closed, undefined, 'closed without a word');
  const line = await setup.nodes.logs[0]!.code('PEER_UNKNOWN_KEY');
  t.match(line.fields['fingerprint'], /^[0-9a-f]{64}$/);
  const keyless = await dial(setup.port, undefined);
  t.equal(await refusalOf(keyless), undefined);
  const status = setup.nodes.running.get(0)!.status();
  t.notOk(status.peers.some((peer) => peer.connected || peer.bootNumber !== undefined));
});

t.test(
  '[PEER-1] [PEER-2] [PEER-3] [PEER-8] [PEER-9] frames that name anything wrong are refused',
  async (t) => {
    const setup = await setUp(t);
    const { hello } = setup;
    const other = '0c'.repeat(16);
    const third = setup.nodes.made.nodes[2]!.id;
    const send = (changes: Partial<PeerFrame>) =>
      exchange(setup, encodePeerFrame({ ...hello, ...changes }));
    t.equal(await send({ clusterId: other }), 'PEER_WRONG_CLUSTER');
    t.equal(await send({ sender: third }), 'PEER_UNKNOWN_KEY', 'a member under another name');
    t.equal(await send({ receiver: third }), 'PEER_FRAME_REFUSED');
    t.equal(await send({ payload: new Uint8Array(9) }), 'PEER_FRAME_REFUSED');
    t.equal(await send({ kind: FRAME_KIND.refusal }), 'PEER_FRAME_REFUSED');
    t.equal(await send({ incarnation: other }), 'PEER_INCARNATION');
    const codes = [
      'PEER_WRONG_CLUSTER',
      'PEER_UNKNOWN_KEY',
      'PEER_FRAME_REFUSED',
      'PEER_INCARNATION',
    ];
    for (const code of codes) t.ok(await setup.nodes.logs[0]!.code(code), code);
    const status = setup.nodes.running.get(0)!.status();
    t.notOk(status.peers.some((peer) => peer.connected));
    const counted = codes.map((code) => status.refusals[code]);
    t.same(counted, [1, 1, 3, 1], 'and each is counted');
  },
);

t.test('[PEER-2] oversized, damaged and truncated frames change nothing', async (t) => {
  const setup = await setUp(t);
  const frame = encodePeerFrame(setup.hello);
  const oversized = Buffer.alloc(4);
  oversized.writeUInt32BE(FRAME_BYTES_MAX + 1);
  t.equal(await exchange(setup, oversized), 'PEER_FRAME_REFUSED');
  const damaged = frame.slice();
  damaged[40]! ^= 1;
  t.equal(await exchange(setup, damaged), 'PEER_FRAME_REFUSED');
  t.equal(await exchange(setup, Buffer.from('GET / HTTP/1.1\r\n\r\n')), 'PEER_FRAME_REFUSED');
  const socket = await dial(setup.port, setup.key);
  socket.end(frame.subarray(0, 50));
  t.equal(await refusalOf(socket), undefined, 'half a frame is no frame');
  t.notOk(setup.nodes.running.get(0)!.status().peers[0]!.bootNumber);
});

t.test(
  '[PEER-9] [STO-5] a store of the past is refused, also after a restart of the one who knows',
  async (t) => {
    const setup = await setUp(t);
    const { hello } = setup;
    const past: readonly Partial<PeerFrame>[] = [
      { bootNumber: 4, batch: 200 },
      { bootId: '0c'.repeat(8) },
      { batch: 99 },
      { bootNumber: 6, bootId: '0c'.repeat(8), bootBatch: 100 },
      // It has written since, but what it found at its start was older.
      { bootNumber: 6, bootId: '0c'.repeat(8), bootBatch: 100, batch: 150 },
    ];
    for (const changes of past) {
      const accepted = await dial(setup.port, setup.key);
      const refused = refusalOf(accepted);
      accepted.write(encodePeerFrame(hello));
      accepted.write(encodePeerFrame({ ...hello, ...changes }));
      t.equal(await refused, 'PEER_INCARNATION', JSON.stringify(changes));
    }
    await setup.nodes.stop(0);
    const again = await setup.nodes.start(0);
    const port = parseAddress(again.status().listenAddress)!.port;
    for (const changes of past) {
      const late = encodePeerFrame({ ...hello, ...changes });
      t.equal(await exchange({ ...setup, port }, late), 'PEER_INCARNATION');
    }
    const peer = again.status().peers.find(({ node }) => node.name === '2');
    t.match(peer, { bootNumber: 5, isBehind: true });
    const alarm = await setup.nodes.logs[0]!.code('PEER_INCARNATION');
    t.match(alarm, { level: 'error', fields: { heard: { batch: 200 }, known: { batch: 100 } } });
  },
);

t.test(
  '[STO-5] a newer batch of a peer is written down with whatever is written next',
  async (t) => {
    const memory = new MemoryDisk();
    await createStore({ open: async () => memory.open() });
    const store = await openStore({ open: async () => memory.open() });
    const peer = '07'.repeat(16);
    const mark = { bootNumber: 1, bootId: '08'.repeat(8), batch: 5 };
    store.rememberPeer(peer, mark, true);
    await store.settle();
    const { writes } = memory;
    store.rememberPeer(peer, { ...mark, batch: 6 }, false);
    store.rememberPeer(peer, { ...mark, batch: 7 }, false);
    await store.settle();
    t.equal(memory.writes, writes, 'no batch of its own');
    await stageDurably(store, [
      { key: rowKey(1, 1, Buffer.from('k')), payload: new Uint8Array(1) },
    ]);
    t.equal(memory.writes, writes + 1);
    const [[, payload] = []] = await store.loadAll(KEY_KIND.peer);
    t.same(decodePeerMark(payload!), { ...mark, batch: 7 });
    await store.close();
  },
);

t.test('[PEER-8] after a refusal nothing of that connection is heard any more', async (t) => {
  const setup = await setUp(t);
  const { hello } = setup;
  const wrong = encodePeerFrame({ ...hello, clusterId: '0c'.repeat(16) });
  const good = encodePeerFrame(hello);
  t.equal(await exchange(setup, Buffer.concat([wrong, good])), 'PEER_WRONG_CLUSTER');
  t.notOk(setup.nodes.running.get(0)!.status().peers[0]!.bootNumber);
});

t.test('[PEER-7] an oversized message of an application closes the connection', async (t) => {
  const setup = await setUp(t);
  const heard: number[] = [];
  setup.nodes.running.get(0)!.nodes.onMessage((_, message) => heard.push(message.length));
  const large = (length: number) =>
    encodePeerFrame({
      ...setup.hello,
      kind: FRAME_KIND.application,
      payload: new Uint8Array(length),
    });
  const both = Buffer.concat([large(262_144), large(262_145)]);
  t.equal(await exchange(setup, both), 'PEER_FRAME_REFUSED');
  t.same(heard, [262_144]);
});

t.test('strangers that keep a handshake open cannot shut a member out', async (t) => {
  const setup = await setUp(t);
  const idle = Array.from({ length: 200 }, () => {
    const socket = createConnection(setup.port, '127.0.0.1');
    socket.on('error', () => {});
    return socket;
  });
  t.teardown(() => {
    for (const socket of idle) socket.destroy();
  });
  await Promise.all(idle.slice(0, 100).map((socket) => once(socket, 'close')));
  const heard = new Promise<string>((resolve) => {
    setup.nodes.running.get(0)!.nodes.onMessage((from) => resolve(from));
  });
  const member = await dial(setup.port, setup.key);
  member.write(encodePeerFrame({ ...setup.hello, kind: FRAME_KIND.application }));
  t.equal(await heard, setup.hello.sender);
  member.destroy();
});

t.test('an address whose handshakes keep failing is turned away before TLS', async (t) => {
  const failures = new HandshakeFailures();
  for (let at = 0; at < 49; at += 1) failures.count('a', at);
  t.notOk(failures.isBlocked('a', 100));
  failures.count('a', 100);
  t.ok(failures.isBlocked('a', 100));
  t.notOk(failures.isBlocked('b', 100), 'others are not');
  t.notOk(failures.isBlocked('a', 10_001), 'nor for good');
  for (let at = 0; at < 2_000; at += 1) failures.count(`many-${at}`, 100);
  t.notOk(failures.isBlocked('a', 100), 'the memory is bounded, oldest first');
  const setup = await setUp(t);
  const stranger = await makeNodeKey('stranger');
  for (let at = 0; at < 50; at += 1) await refusalOf(await dial(setup.port, stranger));
  const late = createConnection(setup.port, '127.0.0.1');
  late.on('error', () => {});
  const said: unknown[] = [];
  late.on('data', (chunk) => said.push(chunk));
  await once(late, 'close');
  t.same(said, [], 'closed before a handshake');
  const warnings = setup.nodes.logs[0]!.lines.filter(({ level }) => level === 'warn');
  t.ok(warnings.length < 10, `${warnings.length} lines for fifty strangers`);
  const { refusals } = setup.nodes.running.get(0)!.status();
  t.ok((refusals['PEER_UNKNOWN_KEY'] ?? 0) >= 50, 'all of them are counted');
});

t.test(
  '[PEER-9] a new store under a known id is refused by its peers, and the node stops',
  async (t) => {
    const nodes = await TestNodes.init(counterMachine, 3);
    t.teardown(() => nodes.end());
    // Somebody made node 1 a fresh store by hand: same id and key, another incarnation.
    const store = await openNodeStore(join(nodes.dataDirs[0]!, 'store'));
    const identityKey = storeKey(KEY_KIND.identity);
    const memberKey = nodeRowKey(nodes.made.nodes[0]!.id);
    const [identityValue, memberValue] = await store.getMany([identityKey, memberKey]);
    const identity = decodeIdentity(payloadOf(identityKey, identityValue!))!;
    const member = decodeNode(identity.nodeId, payloadOf(memberKey, memberValue!))!;
    const incarnation = '0d'.repeat(16);
    const put = (key: Uint8Array, payload: Uint8Array) => {
      return { key, value: encodeStoredValue(key, payload) };
    };
    await store.write([
      put(identityKey, encodeIdentity({ ...identity, incarnation })),
      put(memberKey, encodeNode({ ...member, incarnation })),
    ]);
    await store.close();
    await nodes.start(1);
    await nodes.start(2);
    const stopped = Promise.withResolvers<NodeError>();
    await nodes.start(0, { onFatal: stopped.resolve });
    t.equal((await stopped.promise).code, 'PEER_INCARNATION');
    t.ok(await nodes.logs[1]!.code('PEER_INCARNATION').then((line) => line.fields['node'] === '1'));
  },
);

t.test('a store that names another incarnation than its membership does not start', async (t) => {
  const nodes = await TestNodes.init(counterMachine, 1);
  t.teardown(() => nodes.end());
  const store = await openNodeStore(join(nodes.dataDirs[0]!, 'store'));
  const key = storeKey(KEY_KIND.identity);
  const [value] = await store.getMany([key]);
  const identity = decodeIdentity(payloadOf(key, value!))!;
  const other = encodeIdentity({ ...identity, incarnation: '0d'.repeat(16) });
  await store.write([{ key, value: encodeStoredValue(key, other) }]);
  await store.close();
  await t.rejects(nodes.start(0), { code: 'STORE_FOREIGN' });
  const level = clusterRowKey(3);
  const again = await openNodeStore(join(nodes.dataDirs[0]!, 'store'));
  await again.write([
    { key, value: value! },
    { key: level, value: encodeStoredValue(level, new Uint8Array([0, 9])) },
  ]);
  await again.close();
  await t.rejects(nodes.start(0), { code: 'FEATURE_LEVEL' });
});

t.test('a taken peer port is said plainly, and the store is free again', async (t) => {
  const nodes = await TestNodes.init(counterMachine, 3);
  t.teardown(() => nodes.end());
  const first = await nodes.start(0);
  const { listenAddress } = first.status();
  await t.rejects(nodes.start(1, { listenAddress }), { code: 'PEER_LISTEN_FAILED' });
  await t.rejects(nodes.start(1, { listenAddress: 'nowhere' }), { code: 'NODE_OPTIONS_INVALID' });
  t.ok(await nodes.start(1));
});

t.test('addresses are host:port, with brackets around IPv6', (t) => {
  t.same(parseAddress('127.0.0.1:80'), { host: '127.0.0.1', port: 80 });
  t.same(parseAddress('[::1]:0'), { host: '::1', port: 0 });
  t.same(parseAddress('node-1.example:7000'), { host: 'node-1.example', port: 7000 });
  for (const bad of ['::1:80', 'host', 'host:', ':80', 'host:99999', 'host:-1']) {
    t.equal(parseAddress(bad), undefined, bad);
  }
  t.end();
});
