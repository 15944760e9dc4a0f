import t, { type Test } from 'tap';
import { initCluster } from '../../src/node/init-cluster.ts';
import { startCluster } from '../../src/node/start-cluster.ts';
import { NodeError } from '../../src/node-error.ts';
import type { ThreadOptions } from '../../src/options.ts';
import { type Cluster, META } from '../../src/ports.ts';
import { startClusterThread } from '../../src/thread/start-cluster-thread.ts';
import { counterMachine } from '../../testing/counter-machine.ts';
import { remoteOf } from '../../testing/remote-of.ts';
import { TestLog, TestNodes } from '../../testing/test-nodes.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const text = (value: Uint8Array | null | undefined): string => Buffer.from(value ?? []).toString();
const machineIn = (file: string, name: string) => {
  return { url: new URL(`../../testing/${file}`, import.meta.url).href, name };
};
const COUNTER = machineIn('counter-machine.ts', 'counterMachine');
const FAULTY = machineIn('faulty-machine.ts', 'faultyMachine');
const TIMING = { tickMs: 10, electionTicks: 15, heartbeatTicks: 3 };

/** A cluster of one node, made but not started. */
async function oneNode(test: Test): Promise<Omit<ThreadOptions, 'stateMachine'>> {
  const dataDir = test.testdir();
  const nodes = [{ name: '1', peerAddress: '127.0.0.1:1' }];
  await initCluster({ dataDirs: [dataDir], nodes, shardGroups: 2 });
  return { dataDir, logger: new TestLog(), listenAddress: '127.0.0.1:0', timing: TIMING };
}

const WAYS: readonly [words: string, start: (test: Test) => Promise<Cluster>][] = [
  [
    'in this thread',
    async (test) => startCluster({ ...(await oneNode(test)), stateMachine: counterMachine }),
  ],
  [
    'behind a channel',
    async (test) =>
      remoteOf(await startCluster({ ...(await oneNode(test)), stateMachine: counterMachine })),
  ],
  [
    'in a thread of its own',
    async (test) => startClusterThread({ ...(await oneNode(test)), stateMachine: COUNTER }),
  ],
];

for (const [words, start] of WAYS) {
  t.test(`the port is the same for a node ${words}`, async (t) => {
    const cluster = await start(t);
    const events: string[] = [];
    cluster.onEvent(({ group, slot, event }) => events.push(`${group} ${slot} ${text(event)}`));
    t.match(cluster.identity, { name: '1', bootNumber: 1 });
    t.same(cluster.groups, [0, 1, 2]);
    t.same(
      [META, 0, 40_000].map((slot) => cluster.groupOf(slot)),
      [0, 1, 2],
    );
    t.throws(() => cluster.groupOf(65_536), RangeError);
    const submitted = await cluster.submit(40_000, bytes('k1'));
    t.equal(Buffer.from(submitted.reply).readUInt32BE(), 1);
    t.ok(submitted.index > 0 && submitted.entryTimeMs > 1_700_000_000_000);
    t.ok(cluster.isLeader(2));
    for (const key of ['k2', 'k3', 'other']) await cluster.submit(40_000, bytes(key));
    await cluster.barrier(40_000, { timeoutMs: 1_000 });
    t.equal(await cluster.get(40_000, bytes('none')), undefined);
    t.equal(Buffer.from((await cluster.get(40_000, bytes('k2')))!).readUInt32BE(), 1);
    const page = await cluster.scan(40_000, { prefix: bytes('k'), after: bytes('k1'), limit: 5 });
    t.same(
      page.map(({ key }) => text(key)),
      ['k2', 'k3'],
    );
    const all = await cluster.scanGroup(2, { prefix: bytes('k'), limit: 2 });
    t.same(
      all.map(({ slot, key }) => [slot, text(key)]),
      [
        [40_000, 'k1'],
        [40_000, 'k2'],
      ],
    );
    const rest = { prefix: bytes('k'), after: all.at(-1)!, limit: 2 };
    t.same(
      (await cluster.scanGroup(2, rest)).map(({ slot, key }) => [slot, text(key)]),
      [[40_000, 'k3']],
    );
    t.ok(await cluster.ready());
    const status = await cluster.status();
    t.match(status, { clusterId: cluster.identity.clusterId, peers: [], full: [] });
    t.equal(status.groups[2]!.role, 'leader');
    t.same(
      (await cluster.members.view()).nodes.map(({ name }) => name),
      ['1'],
    );
    t.ok((await cluster.members.invite({ address: '127.0.0.1:7' })).token.length > 32);
    await t.rejects(cluster.members.remove('00'.repeat(16)), { code: 'MEMBER_UNKNOWN' });
    const large = new Uint8Array(2 ** 22);
    await t.rejects(cluster.submit(1, large), { name: 'ClusterError', code: 'CLUSTER_TOO_LARGE' });
    await t.rejects(cluster.submit(-7, bytes('k')), RangeError);
    let backupBytes = 0;
    for await (const piece of await cluster.backup()) backupBytes += piece.length;
    t.ok(backupBytes > 100);
    t.same(
      events,
      ['k1', 'k2', 'k3', 'other'].map((key) => `2 40000 ${key}`),
    );
    await cluster.stop();
    await t.rejects(cluster.submit(1, bytes('k')), { code: 'CLUSTER_STOPPED' });
    await t.rejects(cluster.get(1, bytes('k')), { code: 'CLUSTER_STOPPED' });
    t.notOk(await cluster.ready());
    await cluster.stop();
  });
}

t.test('a backup that is returned unread is closed behind the channel too', async (t) => {
  const node = await startCluster({ ...(await oneNode(t)), stateMachine: counterMachine });
  const closed = Promise.withResolvers<string>();
  async function* backup() {
    try {
      for (;;) yield bytes('piece');
    } finally {
      closed.resolve('closed');
    }
  }
  node.backup = async () => {
    const pieces = backup();
    await pieces.next();
    return pieces;
  };
  const cluster = await remoteOf(node);
  await (await cluster.backup()).return(undefined);
  t.equal(await closed.promise, 'closed');
  await cluster.stop();
});

t.test('messages and news of peers pass a channel, in the order in which they came', async (t) => {
  const nodes = await TestNodes.init(counterMachine, 3);
  t.teardown(() => nodes.end());
  const [first, , third] = await nodes.startAll();
  const ids = nodes.made.nodes.map(({ id }) => id);
  const remote = await remoteOf(first!);
  t.teardown(() => remote.stop());
  const isConnected = () => {
    return remote.nodes.peers().some(({ node, connected }) => node.id === ids[2] && connected);
  };
  const connected = new Promise<void>((resolve) => {
    if (isConnected()) resolve();
    remote.nodes.onPeerChange(() => isConnected() && resolve());
  });
  await connected;
  const arrived = new Promise((resolve) => {
    third!.nodes.onMessage((from, message) => resolve([from, text(message)]));
  });
  t.ok(remote.nodes.send(ids[2]!, bytes('there')));
  t.same(await arrived, [ids[0], 'there']);
  const news: string[] = [];
  const left = new Promise<void>((resolve) => {
    remote.nodes.onMessage((from, message) => news.push(`${ids.indexOf(from)} ${text(message)}`));
    remote.nodes.onPeerChange(({ node, connected }) => {
      if (node.id !== ids[2]) return;
      news.push(`2 is ${connected ? 'here' : 'away'}`);
      if (!connected) resolve();
    });
  });
  const back = new Promise<void>((resolve) => first!.nodes.onMessage(() => resolve()));
  third!.nodes.send(ids[0]!, bytes('back'));
  await back;
  await nodes.stop(2);
  await left;
  t.same(news, ['2 back', '2 is away']);
  t.notOk(remote.nodes.send(ids[2]!, bytes('lost')), 'nobody is there');
  t.throws(() => remote.nodes.send(ids[1]!, new Uint8Array(2 ** 24)), RangeError);
});

t.test('a node that cannot start says why, with its code', async (t) => {
  const options = { dataDir: t.testdir(), logger: new TestLog() };
  const empty = await startClusterThread({ ...options, stateMachine: COUNTER }).catch((e) => e);
  t.ok(empty instanceof NodeError);
  t.equal(empty.code, 'NODE_NOT_INITIALISED');
  const wrong = { ...COUNTER, name: 'nothing' };
  await t.rejects(startClusterThread({ ...(await oneNode(t)), stateMachine: wrong }), {
    code: 'NODE_OPTIONS_INVALID',
  });
  const missing = { ...COUNTER, url: `${COUNTER.url}x` };
  await t.rejects(startClusterThread({ ...(await oneNode(t)), stateMachine: missing }), {
    message: /Cannot find module/,
  });
});

for (const [command, said] of [
  ['throw', 'an invariant is broken'],
  ['exit', 'exit code 7'],
] as const) {
  t.test(`a thread that ends by itself (${command}) is a failure with a code`, async (t) => {
    const fatal = Promise.withResolvers<NodeError>();
    const options = await oneNode(t);
    const cluster = await startClusterThread({
      ...options,
      stateMachine: FAULTY,
      onFatal: fatal.resolve,
    });
    await cluster.submit(1, bytes('good'));
    const fate = cluster.submit(1, bytes(command)).catch((error) => error);
    const error = await fatal.promise;
    t.ok(error instanceof NodeError);
    t.equal(error.code, 'NODE_THREAD_FAILED');
    t.match(error.message, said);
    t.equal((await fate).code, 'CLUSTER_TIMEOUT', 'it may be committed');
    t.ok((options.logger as TestLog).lines.some(({ fields }) => fields['code'] === error.code));
    await t.rejects(cluster.get(1, bytes('good')), { code: 'CLUSTER_STOPPED' });
    t.notOk(cluster.isLeader(1));
    await cluster.stop();
  });
}

t.test(
  'a failure of the node is told with its code, and its log lines come in order',
  async (t) => {
    const options = await oneNode(t);
    const log = options.logger as TestLog;
    const cluster = await startClusterThread({ ...options, stateMachine: COUNTER });
    const again = startClusterThread({ ...options, stateMachine: COUNTER });
    await t.rejects(again, { code: 'STORE_IN_USE' });
    await cluster.submit(META, bytes('k'));
    await cluster.stop();
    const changes = log.lines.filter(({ message }) => message === 'role changed');
    const ofMeta = changes.filter(({ fields }) => fields['group'] === 0);
    t.same(ofMeta.at(0)?.fields['from'], 'follower');
    t.same(
      ofMeta
        .slice(0, 3)
        .map(({ fields }) => fields['to'])
        .at(-1),
      'leader',
    );
  },
);
