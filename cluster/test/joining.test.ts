// New machines that knock at the peer port, with a token and without, over real stores and TLS.

import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { admitByToken } from '../src/joining/join-by-token.ts';
import { JoinDoor } from '../src/joining/join-door.ts';
import {
  decodeJoinAnswer,
  decodeJoinRequest,
  encodeJoinAnswer,
  encodeJoinRequest,
  JOIN_PROTOCOL,
  REQUEST_BYTES_MAX,
  receiveMessage,
  withLength,
} from '../src/joining/join-messages.ts';
import { JOIN_SECRET_LIFE_MS, JoinSecrets } from '../src/joining/join-secrets.ts';
import { decodeJoinToken, encodeJoinToken } from '../src/joining/join-token.ts';
import type { ClusterNode } from '../src/node/cluster-node.ts';
import { joinCluster } from '../src/node/join-cluster.ts';
import { THIS_MACHINE } from '../src/node/machine.ts';
import type { NodeError } from '../src/node-error.ts';
import { parseAddress } from '../src/peer/peer-ports.ts';
import { ClusterError, type ClusterErrorCode, type NewNode } from '../src/ports.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { TestLog, TestNodes } from '../testing/test-nodes.ts';

t.setTimeout(120_000);

const NODE: NewNode = {
  id: '0a'.repeat(16),
  name: '4',
  peerAddress: 'node-4.example:7400',
  fingerprint: '0b'.repeat(32),
  incarnation: '0c'.repeat(16),
};
const LOOPBACK = '127.0.0.1';
const SECRET = new Uint8Array(16).fill(7);

async function nodesFor(test: Test, count: 1 | 3): Promise<TestNodes> {
  const nodes = await TestNodes.init(counterMachine, count);
  test.teardown(() => nodes.end());
  return nodes;
}

function tokenOf(cluster: ClusterNode): string {
  return cluster.members.invite({ address: cluster.status().listenAddress }).token;
}

function withSecret(text: string, secret: Uint8Array): string {
  return encodeJoinToken({ ...decodeJoinToken(text)!, secret });
}

async function knock(cluster: ClusterNode): Promise<TLSSocket> {
  const { port } = parseAddress(cluster.status().listenAddress)!;
  const socket = connect({
    port,
    host: LOOPBACK,
    minVersion: 'TLSv1.3',
    ALPNProtocols: [JOIN_PROTOCOL],
    rejectUnauthorized: false,
  });
  socket.on('error', () => {});
  await once(socket, 'secureConnect');
  return socket;
}

async function answerTo(cluster: ClusterNode, bytes: Uint8Array) {
  const socket = await knock(cluster);
  const received = receiveMessage(socket, 1_024);
  socket.write(bytes);
  const answer = decodeJoinAnswer(await received);
  if (!socket.closed) await once(socket, 'close');
  return answer;
}

t.test(
  '[JOIN-1] a token is text that comes back, and whatever was cut or changed is no token',
  (t) => {
    const token = { address: '[2001:db8::1]:7400', fingerprint: NODE.fingerprint, secret: SECRET };
    const text = encodeJoinToken(token);
    t.same(decodeJoinToken(text), token);
    t.match(text, /^[A-Za-z0-9_-]+$/);
    for (let at = 0; at < text.length; at += 1) {
      t.equal(decodeJoinToken(text.slice(0, at)), undefined);
      const other = text[at] === 'A' ? 'B' : 'A';
      t.equal(decodeJoinToken(text.slice(0, at) + other + text.slice(at + 1)), undefined);
    }
    t.equal(decodeJoinToken(`${text} `), undefined);
    t.throws(() => admitByToken('dance'), { code: 'JOIN_TOKEN_UNREADABLE' });
    const property = fc.property(fc.string(), (any) => decodeJoinToken(any) === undefined);
    fc.assert(property);
    t.end();
  },
);

t.test('[JOIN-3] [JOIN-4] what a new node and a member say survives, and decoders refuse', (t) => {
  const request = { secret: SECRET, node: NODE };
  const bytes = encodeJoinRequest(request);
  t.same(decodeJoinRequest(bytes), request);
  t.equal(decodeJoinRequest(bytes.subarray(1)), undefined);
  for (const wrong of [{ name: 'four nodes' }, { name: '' }, { peerAddress: 'nowhere' }]) {
    const made = encodeJoinRequest({ secret: SECRET, node: { ...NODE, ...wrong } });
    t.equal(decodeJoinRequest(made), undefined, JSON.stringify(wrong));
  }
  const slotTable = {
    epoch: 1,
    shardGroups: 1,
    assignments: [{ first: 0, last: 65_535, group: 1 }],
  };
  const view = { clusterId: '01'.repeat(16), realm: '02'.repeat(32), nodes: [NODE], slotTable };
  const answer = encodeJoinAnswer({ ok: true, view });
  t.same(decodeJoinAnswer(answer), { ok: true, view });
  const refusal = { ok: false, code: 'JOIN_TOKEN_REFUSED' } as const;
  t.same(decodeJoinAnswer(encodeJoinAnswer(refusal)), refusal);
  for (let at = 0; at < answer.length; at += 1) {
    t.equal(decodeJoinAnswer(answer.subarray(0, at)), undefined);
  }
  const property = fc.property(fc.uint8Array({ maxLength: 300 }), (any) => {
    decodeJoinRequest(any);
    decodeJoinAnswer(any);
    decodeJoinRequest(new Uint8Array([1, ...any]));
    decodeJoinAnswer(new Uint8Array([0, ...any]));
  });
  fc.assert(property);
  t.end();
});

t.test('[JOIN-2] a secret lets one node in, within an hour, and a few are kept', (t) => {
  const secrets = new JoinSecrets();
  secrets.add(SECRET, 0);
  const claim = secrets.claim(SECRET, 1);
  t.ok(claim);
  t.equal(secrets.claim(SECRET, 1), undefined, 'not two at once');
  claim!.giveBack();
  secrets.claim(SECRET, JOIN_SECRET_LIFE_MS - 1)!.spend();
  t.equal(secrets.claim(SECRET, 2), undefined, 'not twice');
  secrets.add(SECRET, 0);
  t.equal(secrets.claim(SECRET, JOIN_SECRET_LIFE_MS), undefined, 'not after an hour');
  t.equal(secrets.claim(SECRET, 0), undefined, 'nor by a clock that goes back');
  secrets.add(SECRET, 0);
  for (let more = 0; more < 16; more += 1) secrets.add(randomBytes(16), 0);
  t.equal(secrets.claim(SECRET, 1), undefined, 'the oldest made place');
  t.end();
});

t.test(
  '[JOIN-2] a secret is spent if it may have let a node in, and not if it did not',
  async (t) => {
    const codes: ClusterErrorCode[] = ['CLUSTER_NO_LEADER', 'CLUSTER_TIMEOUT'];
    const door = new JoinDoor({
      logger: new TestLog(),
      machine: THIS_MACHINE,
      members: () => {
        throw new ClusterError(codes.shift() ?? 'CLUSTER_STOPPED', 'As the test says.');
      },
    });
    const server = createServer((socket) => void door.open(socket as TLSSocket)).listen(
      0,
      LOOPBACK,
    );
    t.teardown(() => server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const request = withLength(encodeJoinRequest({ secret: door.giveSecret(), node: NODE }));
    // What TLS adds is not looked at here.
    const ask = async () => {
      const socket = connectTcp(port, LOOPBACK) as TLSSocket;
      const received = receiveMessage(socket, 1_024);
      socket.write(request);
      return decodeJoinAnswer(await received);
    };
    t.match(await ask(), { code: 'CLUSTER_NO_LEADER' });
    t.match(await ask(), { code: 'CLUSTER_TIMEOUT' });
    t.match(await ask(), { code: 'JOIN_TOKEN_REFUSED' });
  },
);

t.test('[JOIN-2] a node joins by a token, and nobody joins by a bad one', async (t) => {
  const nodes = await nodesFor(t, 3);
  const [first, second] = await nodes.startAll();
  await first!.submit(7, Buffer.from('k'), { timeoutMs: 20_000 });
  const token = tokenOf(first!);
  const log = nodes.logs[0]!;
  const joinBy = (text: string, name: string) => nodes.join(name, admitByToken(text));
  await t.rejects(joinBy(withSecret(token, SECRET), '4'), { code: 'JOIN_TOKEN_REFUSED' }, 'forged');
  t.match(await log.code('JOIN_TOKEN_REFUSED'), {
    level: 'warn',
    fields: { from: /127\.0\.0\.1/ },
  });
  const elsewhere = { ...decodeJoinToken(token)!, address: second!.status().listenAddress };
  await t.rejects(joinBy(encodeJoinToken(elsewhere), '4'), { code: 'JOIN_WRONG_MEMBER' });
  const other = await nodesFor(t, 1);
  const foreign = tokenOf((await other.startAll())[0]!);
  const astray = { ...decodeJoinToken(foreign)!, address: first!.status().listenAddress };
  await t.rejects(joinBy(encodeJoinToken(astray), '4'), { code: 'JOIN_WRONG_MEMBER' });
  const { fingerprint } = decodeJoinToken(token)!;
  const mixed = encodeJoinToken({ ...astray, fingerprint });
  await t.rejects(joinBy(mixed, '4'), { code: 'JOIN_TOKEN_REFUSED' }, 'of another cluster');
  const named = { dataDir: t.testdir(), name: '1', peerAddress: '127.0.0.1:1' };
  await t.rejects(joinCluster({ ...named, admit: admitByToken(token) }), {
    code: 'MEMBER_NAME_TAKEN',
  });
  const fourth = await joinBy(token, '4');
  const running = await nodes.start(fourth.at);
  t.equal(running.status().clusterId, first!.status().clusterId);
  await t.rejects(joinBy(token, '5'), { code: 'JOIN_TOKEN_REFUSED' }, 'used');
  const late = tokenOf(second!);
  await nodes.stop(1);
  await t.rejects(joinBy(late, '5'), { code: 'JOIN_UNREACHABLE' });
  const names = first!.members.view().nodes.map(({ name }) => name);
  t.same(names.sort(), ['1', '2', '3', '4'], 'of all of them, one is in');
  const secret = Buffer.from(decodeJoinToken(token)!.secret).toString('hex');
  t.notOk(JSON.stringify(log.lines).includes(token) || JSON.stringify(log.lines).includes(secret));
  await t.rejects(async () => first!.members.invite({ address: 'x' }), {
    code: 'NODE_OPTIONS_INVALID',
  });
});

t.test(
  '[JOIN-2] [JOIN-3] whatever strangers say at the join door is refused and forgotten',
  async (t) => {
    const nodes = await nodesFor(t, 1);
    const [only] = await nodes.startAll();
    const refused = { ok: false, code: 'JOIN_REQUEST_REFUSED' };
    t.match(await answerTo(only!, withLength(randomBytes(200))), refused);
    t.match(await answerTo(only!, withLength(new Uint8Array(0))), refused);
    t.match(await answerTo(only!, randomBytes(REQUEST_BYTES_MAX + 8).fill(255, 0, 4)), refused);
    const good = withLength(encodeJoinRequest({ secret: SECRET, node: NODE }));
    t.match(await answerTo(only!, Buffer.concat([good, good])), refused, 'one message, not two');
    t.match(await answerTo(only!, good), { ok: false, code: 'JOIN_TOKEN_REFUSED' });
    const idle = await Promise.all(Array.from({ length: 17 }, () => knock(only!)));
    await once(idle[0]!, 'close');
    t.equal(idle.filter((socket) => !socket.destroyed).length, 16, 'the oldest made place');
    for (const socket of idle) socket.destroy();
    t.same(only!.members.view().nodes.length, 1);
    let turnedAway = 0;
    for (let at = 0; at < 60 && turnedAway === 0; at += 1) {
      await answerTo(only!, good).catch(() => {
        turnedAway += 1;
      });
    }
    t.equal(turnedAway, 1, 'who guesses is turned away before TLS');
    const warned = nodes.logs[0]!.lines.filter(({ level }) => level === 'warn');
    t.ok(warned.length < 30, `${warned.length} lines for eighty strangers`);
  },
);

t.test('a cluster of one moves to a machine that joined it', async (t) => {
  const nodes = await nodesFor(t, 1);
  const [old] = await nodes.startAll();
  await old!.submit(7, Buffer.from('k'), { timeoutMs: 20_000 });
  const joined = await nodes.join('2', admitByToken(tokenOf(old!)));
  const running = await nodes.start(joined.at);
  await nodes.stop(0);
  const stopped = Promise.withResolvers<NodeError>();
  await nodes.start(0, { onFatal: stopped.resolve });
  await running.members.remove(nodes.made.nodes[0]!.id, { timeoutMs: 60_000 });
  t.equal((await stopped.promise).code, 'MEMBER_HAS_LEFT', 'the old one hears of it while it runs');
  await running.submit(7, Buffer.from('k'), { timeoutMs: 20_000 });
  const count = await running.get(7, Buffer.from('k'));
  t.equal(Buffer.from(count!).readUInt32BE(), 2, 'and the new one is the cluster');
});

t.test('[PEER-8] a node that was removed while it was away is told so, and stops', async (t) => {
  const nodes = await nodesFor(t, 3);
  const [first] = await nodes.startAll();
  await first!.submit(7, Buffer.from('k'), { timeoutMs: 20_000 });
  const ids = nodes.made.nodes.map(({ id }) => id);
  await t.rejects(first!.members.remove(ids[0]!), { code: 'MEMBER_ITSELF' });
  await nodes.stop(2);
  await t.rejects(first!.members.remove(ids[1]!), { code: 'MEMBER_NEEDED', message: /Away: 3\./ });
  await first!.members.remove(ids[2]!, { timeoutMs: 60_000 });
  const stopped = Promise.withResolvers<NodeError>();
  await nodes.start(2, { onFatal: stopped.resolve });
  t.match((await stopped.promise).message, /^MEMBER_HAS_LEFT: This node has left the cluster/);
  t.ok(await nodes.logs[0]!.code('MEMBER_HAS_LEFT'), 'who refused says whom');
  await first!.members.remove(ids[1]!, { timeoutMs: 60_000 });
  t.same(
    first!.members.view().nodes.map(({ id }) => id),
    [ids[0]],
  );
});
