import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeStoredValue, encodeStoredValue } from '@rockpool/storage';
import t, { type Test } from 'tap';
import { decodeIdentity, encodeIdentity } from '../src/format/identity.ts';
import { KEY_KIND, rowKey, storeKey } from '../src/format/store-key.ts';
import type { ClusterNode } from '../src/node/cluster-node.ts';
import { initCluster, isInitialised } from '../src/node/init-cluster.ts';
import type { NodeError } from '../src/node-error.ts';
import { META, type StateMachine } from '../src/ports.ts';
import { openNodeStore } from '../src/store/node-store.ts';
import { kindRange, walk } from '../src/store/verify-store.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { TestNodes } from '../testing/test-nodes.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const countOf = (value: Uint8Array | undefined): number =>
  value === undefined ? 0 : Buffer.from(value).readUInt32BE();

async function nodesFor(test: Test, count: 1 | 3, shardGroups?: number): Promise<TestNodes> {
  const nodes = await TestNodes.init(counterMachine, count, shardGroups);
  test.teardown(() => nodes.end());
  return nodes;
}

/** Every row of a stopped node, key and payload as hex. */
async function rowsOnDisk(dataDir: string, groups: number): Promise<string[]> {
  const store = await openNodeStore(join(dataDir, 'store'));
  const rows: string[] = [];
  const ranges = [kindRange(KEY_KIND.metaRow), kindRange(KEY_KIND.clusterRow)];
  for (let group = 0; group <= groups; group += 1) {
    ranges.push(kindRange(KEY_KIND.row, group), kindRange(KEY_KIND.session, group));
  }
  for (const range of ranges) {
    for await (const [key, payload] of walk(store, range)) {
      rows.push(`${Buffer.from(key).toString('hex')}=${Buffer.from(payload).toString('hex')}`);
    }
  }
  await store.close();
  return rows;
}

t.test('init makes a cluster once, and its files hold no secret but the key', async (t) => {
  const nodes = await nodesFor(t, 3);
  const [dataDir] = nodes.dataDirs;
  t.ok(await isInitialised(dataDir!));
  t.equal((await stat(join(dataDir!, 'node.key'))).mode & 0o777, 0o600);
  const file = JSON.parse(await readFile(join(dataDir!, 'node.json'), 'utf8'));
  t.same(Object.keys(file).sort(), ['clusterId', 'name', 'nodeId', 'version']);
  t.equal(nodes.made.nodes.length, 3);
  t.equal(new Set(nodes.made.nodes.map((node) => node.fingerprint)).size, 3);
  const again = initCluster({
    dataDirs: nodes.dataDirs,
    nodes: nodes.made.nodes,
    shardGroups: 2,
  });
  await t.rejects(again, { code: 'NODE_ALREADY_INITIALISED' });
  const mistakes = initCluster({ dataDirs: ['a', 'a'], nodes: [{ name: '/', peerAddress: 'x' }] });
  await t.rejects(mistakes, {
    code: 'NODE_OPTIONS_INVALID',
    message: /own data directory|its data directory.*repeat.*letters.*host:port/,
  });
  t.notOk(await isInitialised(join(dataDir!, 'elsewhere')));
});

t.test(
  '[STO-9] one node alone serves, refuses a second process, and comes back as it was',
  async (t) => {
    const nodes = await nodesFor(t, 1);
    const first = await nodes.start(0);
    t.match(await first.submit(9, bytes('a')), { reply: Buffer.from([0, 0, 0, 1]) });
    t.match(await first.submit(9, bytes('a')), { reply: Buffer.from([0, 0, 0, 2]) });
    await t.rejects(nodes.start(0), { code: 'STORE_IN_USE' });
    await nodes.stop(0);
    await t.rejects(first.submit(9, bytes('a')), { code: 'CLUSTER_STOPPED' });
    await t.rejects(first.get(9, bytes('a')), { code: 'CLUSTER_STOPPED' });
    t.notOk(first.ready());
    const second = await nodes.start(0);
    t.equal(countOf(await second.get(9, bytes('a'))), 2);
    t.match(await second.submit(9, bytes('a')), { reply: Buffer.from([0, 0, 0, 3]) });
    t.equal(second.status().bootNumber, 2);
    t.equal(second.status().incarnation, first.status().incarnation);
  },
);

t.test(
  'three nodes and 16 groups: every node submits, one stops, returns, and all agree',
  async (t) => {
    const nodes = await nodesFor(t, 3, 16);
    const running = await nodes.startAll();
    const slots = Array.from({ length: 16 }, (_, at) => at * 4_096 + at);
    t.same(
      slots.map((slot) => running[0]!.groupOf(slot)),
      Array.from({ length: 16 }, (_, at) => at + 1),
    );
    const everywhere = (clusters: Iterable<ClusterNode>) =>
      Promise.all(
        [...clusters].flatMap((cluster) =>
          [META, ...slots].map((slot) => cluster.submit(slot, bytes('k'), { timeoutMs: 10_000 })),
        ),
      );
    const replies = await everywhere(running);
    t.equal(Math.max(...replies.map(({ reply }) => countOf(reply))), 3);
    // A leader of some groups goes: the rest takes over and loses nothing that was acknowledged.
    await nodes.stop(1);
    await everywhere(nodes.running.values());
    const back = await nodes.start(1);
    await Promise.all([META, ...slots].map((slot) => back.barrier(slot, { timeoutMs: 10_000 })));
    for (const slot of [META, ...slots]) t.equal(countOf(await back.get(slot, bytes('k'))), 5);
    t.ok(back.ready());
    t.equal(back.status().groups.length, 17);
    const moments = [...nodes.running.values()].flatMap((cluster) =>
      [META, ...slots].map((slot) => cluster.barrier(slot)),
    );
    await Promise.all(moments);
    await Promise.all([0, 1, 2].map((at) => nodes.stop(at)));
    const rows = await Promise.all(nodes.dataDirs.map((dataDir) => rowsOnDisk(dataDir, 16)));
    t.equal(rows[0]!.length, 17 + 5 + 17 * 3, 'a row of each group, the membership, and sessions');
    t.same(rows[1], rows[0]);
    t.same(rows[2], rows[0]);
  },
);

t.test('with one of three left known state is served, changes are refused by code', async (t) => {
  const nodes = await nodesFor(t, 3);
  const [first] = await nodes.startAll();
  await first!.submit(1, bytes('k'));
  await nodes.stop(1);
  await nodes.stop(2);
  t.equal(countOf(await first!.get(1, bytes('k'))), 1);
  const codes = ['CLUSTER_TIMEOUT', 'CLUSTER_NO_LEADER'];
  const refused = await first!.submit(1, bytes('k'), { timeoutMs: 600 }).catch((error) => error);
  t.ok(codes.includes(refused.code), refused.code);
  const late = await first!.barrier(1, { timeoutMs: 300 }).catch((error) => error);
  t.ok(codes.includes(late.code), late.code);
  t.equal(countOf(await first!.get(1, bytes('k'))), 1, 'nothing changed');
});

t.test('a barrier shows what was committed before it, on every node', async (t) => {
  const nodes = await nodesFor(t, 3);
  const running = await nodes.startAll();
  for (let round = 1; round <= 10; round += 1) {
    await running[round % 3]!.submit(1, bytes('k'));
    const other = running[(round + 1) % 3]!;
    await Promise.all([other.barrier(1), other.barrier(1), other.barrier(1)]);
    t.equal(countOf(await other.get(1, bytes('k'))), round);
  }
});

t.test('events reach every node, once reads there see the rows; scans page', async (t) => {
  const nodes = await nodesFor(t, 3);
  const running = await nodes.startAll();
  const heard = running.map(
    (cluster) =>
      new Promise<string>((resolve) => {
        cluster.onEvent(({ group, slot, event }) =>
          resolve(`${group} ${slot} ${Buffer.from(event)}`),
        );
      }),
  );
  await running[2]!.submit(40_000, bytes('k1'));
  const expected = '2 40000 k1';
  t.same(await Promise.all(heard), [expected, expected, expected]);
  const [, , third] = running;
  for (const name of ['k2', 'k3', 'other']) await third!.submit(40_000, bytes(name));
  await third!.submit(50_000, bytes('k9'));
  const page = await third!.scan(40_000, { prefix: bytes('k'), after: bytes('k1'), limit: 1 });
  t.same(page, [{ key: Buffer.from('k2'), value: Buffer.from([0, 0, 0, 1]) }]);
  const all = await third!.scanGroup(2, { prefix: bytes('k'), limit: 10 });
  t.same(
    all.map(({ slot, key }) => `${slot} ${Buffer.from(key)}`),
    ['40000 k1', '40000 k2', '40000 k3', '50000 k9'],
  );
  for (const [at, row] of all.entries()) {
    const later = await third!.scanGroup(2, { prefix: bytes('k'), after: row, limit: 10 });
    t.same(later, all.slice(at + 1));
  }
  await third!.submit(40_000, bytes('-k2'));
  t.equal(await third!.get(40_000, bytes('k2')), undefined, 'a null value deletes');
});

t.test(
  '[PEER-7] messages between applications arrive, and presence of a peer is told',
  async (t) => {
    const nodes = await nodesFor(t, 3);
    const running = await nodes.startAll();
    const ids = nodes.made.nodes.map((node) => node.id);
    const connected = (cluster: ClusterNode, id: string, wanted: boolean) =>
      new Promise<void>((resolve) => {
        const isNow = () =>
          cluster.status().peers.some((peer) => peer.node.id === id && peer.connected === wanted);
        if (isNow()) resolve();
        cluster.nodes.onPeerChange((peer) => {
          if (peer.node.id === id && peer.connected === wanted) resolve();
        });
      });
    await connected(running[0]!, ids[2]!, true);
    const arrived = new Promise((resolve) => {
      running[2]!.nodes.onMessage((from, message) => resolve([from, Buffer.from(message)]));
    });
    t.ok(running[0]!.nodes.send(ids[2]!, bytes('hello')));
    t.same(await arrived, [ids[0], Buffer.from('hello')]);
    const gone = connected(running[0]!, ids[2]!, false);
    await nodes.stop(2);
    await gone;
    t.notOk(running[0]!.nodes.send(ids[2]!, bytes('hello')), 'dropped, and said so');
    t.throws(() => running[0]!.nodes.send(ids[1]!, new Uint8Array(262_145)), RangeError);
  },
);

t.test('commands over the limit and slots that do not exist are refused', async (t) => {
  const nodes = await nodesFor(t, 1);
  const node = await nodes.start(0);
  await t.rejects(node.submit(1, new Uint8Array(262_145)), { code: 'CLUSTER_TOO_LARGE' });
  await t.rejects(node.submit(65_536, bytes('k')), RangeError);
  await t.rejects(node.get(-2, bytes('k')), RangeError);
  await node.submit(1, new Uint8Array(262_000).fill(7));
  t.pass('just below the limit');
});

t.test(
  'a corrupted value: the read is refused; a command that needs it stops the node',
  async (t) => {
    const nodes = await nodesFor(t, 1);
    const node = await nodes.start(0);
    await node.submit(1, bytes('k'));
    await nodes.stop(0);
    const store = await openNodeStore(join(nodes.dataDirs[0]!, 'store'));
    const key = rowKey(1, 1, bytes('k'));
    const [value] = await store.getMany([key]);
    value![value!.length - 1]! ^= 1;
    await store.write([{ key, value: value! }]);
    await store.close();
    const stopped = Promise.withResolvers<NodeError>();
    const again = await nodes.start(0, { onFatal: stopped.resolve });
    await t.rejects(again.get(1, bytes('k')), { code: 'STORE_DAMAGED' });
    await t.rejects(again.submit(1, bytes('k')), { code: 'CLUSTER_TIMEOUT' });
    t.equal((await stopped.promise).code, 'STORE_DAMAGED');
  },
);

t.test(
  '[X05] an emptied store, a foreign store and a missing node.json keep a node from starting',
  async (t) => {
    const nodes = await nodesFor(t, 3);
    const [a, b, c] = nodes.dataDirs;
    await rm(join(a!, 'store'), { recursive: true });
    await t.rejects(nodes.start(0), { code: 'STORE_EMPTY' });
    await rm(join(b!, 'node.json'));
    await t.rejects(nodes.start(1), { code: 'NODE_NOT_INITIALISED' });
    const store = await openNodeStore(join(c!, 'store'));
    await store.write([{ key: storeKey(KEY_KIND.identity), value: null }]);
    await store.close();
    await t.rejects(nodes.start(2), { code: 'STORE_HOLE' });
  },
);

t.test('a node refuses data older than it reads, and says how to begin anew', async (t) => {
  const nodes = await nodesFor(t, 1);
  const path = join(nodes.dataDirs[0]!, 'store');
  const key = storeKey(KEY_KIND.identity);
  const store = await openNodeStore(path);
  const [value] = await store.getMany([key]);
  const stored = decodeStoredValue(key, value!);
  const identity = stored.ok ? decodeIdentity(stored.payload) : undefined;
  const older = encodeIdentity({ ...identity!, dataVersion: identity!.dataVersion - 1 });
  await store.write([{ key, value: encodeStoredValue(key, older) }]);
  await store.close();
  await t.rejects(nodes.start(0), { code: 'STORE_VERSION', message: /--fresh/ });
  const again = await openNodeStore(path);
  const [left] = await again.getMany([key]);
  t.ok(Buffer.from(left!).equals(encodeStoredValue(key, older)), 'it was left as it is');
  await again.close();
});

t.test(
  'a node.json that is damaged, or of another version, keeps a node from starting',
  async (t) => {
    const nodes = await nodesFor(t, 1);
    const path = join(nodes.dataDirs[0]!, 'node.json');
    const whole = await readFile(path, 'utf8');
    const fields: object = JSON.parse(whole);
    const cases = [
      ['', 'NODE_FILE_INVALID'],
      [whole.slice(0, -20), 'NODE_FILE_INVALID'],
      ['null', 'NODE_FILE_INVALID'],
      [JSON.stringify({ ...fields, nodeId: '../1' }), 'NODE_FILE_INVALID'],
      [JSON.stringify({ ...fields, version: 0 }), 'STORE_VERSION'],
    ] as const;
    for (const [text, code] of cases) {
      await writeFile(path, text);
      await t.rejects(nodes.start(0), { code }, code);
    }
    await writeFile(path, whole);
    await nodes.start(0);
  },
);

t.test('a node that moved tells the cluster its new address', async (t) => {
  const nodes = await nodesFor(t, 3);
  await nodes.startAll();
  await nodes.stop(0);
  const moved = await nodes.start(0, { peerAddress: '127.0.0.1:2' });
  const id = nodes.made.nodes[0]!.id;
  const other = nodes.running.get(1)!;
  for (let tries = 0; tries < 500; tries += 1) {
    await moved.barrier(META);
    await other.barrier(META);
    const known = other.status().peers.find((peer) => peer.node.id === id);
    if (known?.node.peerAddress === '127.0.0.1:2') break;
  }
  // The other one may have been the first to know.
  await moved.barrier(META);
  t.equal(moved.status().self.peerAddress, '127.0.0.1:2');
  const peers = other.status().peers.map((peer) => peer.node.peerAddress);
  t.ok(peers.includes('127.0.0.1:2'));
});

t.test(
  'a state machine that reads what its command did not name crashes the process',
  async (t) => {
    const careless: StateMachine = {
      readSet: () => [],
      apply: (rows) => {
        rows(bytes('k'));
        return { writes: [], reply: bytes(''), events: [] };
      },
    };
    const nodes = await TestNodes.init(careless, 1);
    t.teardown(() => nodes.end());
    const node = await nodes.start(0);
    const crash = new Promise<Error>((resolve) => {
      process.once('uncaughtException', resolve);
    });
    await t.rejects(node.submit(1, bytes('k')), { code: 'CLUSTER_TIMEOUT' });
    t.match(await crash, { message: /did not name/ });
  },
);
