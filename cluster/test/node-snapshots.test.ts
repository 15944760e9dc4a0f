import { join } from 'node:path';
import { encodeStoredValue } from '@rockpool/storage';
import t, { type Test } from 'tap';
import { KEY_KIND, prefixRange, rowKey, storeKey } from '../src/format/store-key.ts';
import type { ClusterNode } from '../src/node/cluster-node.ts';
import { openNodeStore } from '../src/store/node-store.ts';
import { onSide } from '../src/store/row-sides.ts';
import { kindRange, walk } from '../src/store/verify-store.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { TestNodes } from '../testing/test-nodes.ts';

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const RETENTION = { entries: 20, bytes: 1_000_000, bytesMax: 4_000_000 };

async function submitMany(cluster: ClusterNode, count: number, prefix: string): Promise<void> {
  const all = Array.from({ length: count }, (_, at) => cluster.submit(7, bytes(`${prefix}${at}`)));
  await Promise.all(all);
}

async function threeNodes(test: Test): Promise<TestNodes> {
  const nodes = await TestNodes.init(counterMachine, 3, 1);
  test.teardown(() => nodes.end());
  await Promise.all([0, 1, 2].map((at) => nodes.start(at, { retention: RETENTION })));
  return nodes;
}

async function countsOf(cluster: ClusterNode): Promise<number> {
  await cluster.barrier(7);
  const rows = await cluster.scan(7, { prefix: bytes(''), limit: 10_000 });
  return rows.filter(({ value }) => Buffer.from(value!).readUInt32BE() === 1).length;
}

function isKept(cluster: ClusterNode, index: number): boolean {
  return cluster.status().groups[1]!.firstIndex <= index + 1;
}

/** How many values of a kind a stopped node has, on either side. */
async function storedCount(dataDir: string, range: { from: Uint8Array; to: Uint8Array }) {
  const store = await openNodeStore(join(dataDir, 'store'));
  let count = 0;
  for await (const _ of walk(store, range)) count += 1;
  await store.close();
  return count;
}

const entries = kindRange(KEY_KIND.entry, 1);
const rowsOn = (side: 0 | 1) => prefixRange(onSide(storeKey(KEY_KIND.row, 1), side));
const sessionsOn = (side: 0 | 1) => prefixRange(onSide(storeKey(KEY_KIND.session, 1), side));

t.test(
  'a log is cut off as it is applied, on disk too, and a start goes on from there',
  async (t) => {
    const nodes = await TestNodes.init(counterMachine, 1, 1);
    t.teardown(() => nodes.end());
    const node = await nodes.start(0, { retention: RETENTION });
    for (let round = 0; round < 10; round += 1) await submitMany(node, 50, `${round}-`);
    t.ok(node.status().groups[1]!.lastIndex > 500);
    await nodes.stop(0);
    const kept = await storedCount(nodes.dataDirs[0]!, entries);
    t.ok(kept < 200, `${kept} entries of more than 500`);
    const again = await nodes.start(0, { retention: RETENTION });
    t.equal(await countsOf(again), 500);
    await submitMany(again, 50, 'again-');
    t.equal(await countsOf(again), 550);
  },
);

t.test('a node that was away for longer than the log is sent the state, twice', async (t) => {
  const nodes = await threeNodes(t);
  const [first, second] = [nodes.running.get(0)!, nodes.running.get(1)!];
  await submitMany(first, 10, 'before-');
  let expected = 10;
  for (const round of [1, 2]) {
    await nodes.stop(2);
    const logEnd = first.status().groups[1]!.lastIndex;
    // A node that was heard a moment ago is spared at first.
    for (let part = 0; isKept(first, logEnd) || isKept(second, logEnd); part += 1) {
      await submitMany(second, 50, `${round}-${part}-`);
      expected += 50;
    }
    const back = await nodes.start(2, { retention: RETENTION });
    const replaced = new Promise<number>((resolve) => back.onReplaced(resolve));
    t.equal(await replaced, 1, 'the application is told that its rows are others now');
    t.equal(await countsOf(back), expected);
    await submitMany(back, 10, `back-${round}-`);
    expected += 10;
    await submitMany(second, 10, `known-${round}-`);
    expected += 10;
    t.equal(await countsOf(back), expected, 'it knows the sessions that it was sent');
    t.equal(await countsOf(first), expected);
    await nodes.stop(2);
    const live = round === 1 ? 1 : 0;
    const dataDir = nodes.dataDirs[2]!;
    t.equal(await storedCount(dataDir, rowsOn(live)), expected, 'the rows lie on the other side');
    t.equal(await storedCount(dataDir, rowsOn(live === 1 ? 0 : 1)), 0, 'and nowhere else');
    t.equal(await storedCount(dataDir, sessionsOn(live)), round + 2, 'one of each start so far');
    t.ok((await storedCount(dataDir, entries)) < 200);
    await nodes.start(2, { retention: RETENTION });
  }
});

t.test('what a stop left of a half received snapshot is cleared, and never shown', async (t) => {
  const nodes = await TestNodes.init(counterMachine, 1, 1);
  t.teardown(() => nodes.end());
  const store = await openNodeStore(join(nodes.dataDirs[0]!, 'store'));
  const key = onSide(rowKey(1, 7, bytes('half')), 1);
  await store.write([{ key, value: encodeStoredValue(key, bytes('0001')) }]);
  await store.close();
  const node = await nodes.start(0);
  await submitMany(node, 1, 'k');
  t.equal(await countsOf(node), 1);
  await nodes.stop(0);
  t.equal(await storedCount(nodes.dataDirs[0]!, rowsOn(1)), 0);
});
