// Nodes that join and leave a running cluster, over real stores and TLS.

import { setTimeout } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { ClusterNode } from '../src/node/cluster-node.ts';
import type { NewNode } from '../src/ports.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { TestNodes } from '../testing/test-nodes.ts';

t.setTimeout(120_000);

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const countOf = (value: Uint8Array | undefined): number =>
  value === undefined ? 0 : Buffer.from(value).readUInt32BE();

async function nodesFor(test: Test, count: 1 | 3): Promise<TestNodes> {
  const nodes = await TestNodes.init(counterMachine, count);
  test.teardown(() => nodes.end());
  return nodes;
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (let time = 0; time < 1_000; time += 1) {
    if (isSo()) return;
    await setTimeout(30);
  }
  throw new Error(`it never came to be: ${what}`);
}

function addTo(cluster: ClusterNode) {
  return async (node: NewNode) => {
    await cluster.members.add(node);
    return cluster.members.view();
  };
}

const votersOf = (cluster: ClusterNode): number[] =>
  cluster.status().groups.map(({ members }) => members.voters.length);

function isMember(cluster: ClusterNode, id: string): boolean {
  return cluster.status().groups.some(({ members }) => {
    const { voters, outgoing, learners } = members;
    return [...voters, ...outgoing, ...learners].includes(id);
  });
}

t.test('a node takes the place of a dead one, and has what that had', async (t) => {
  const nodes = await nodesFor(t, 3);
  const [first] = await nodes.startAll();
  await first!.submit(7, bytes('k'));
  const dead = nodes.made.nodes[2]!;
  await nodes.stop(2);
  await first!.submit(7, bytes('k'));
  let replaced: Promise<void> | undefined;
  const { at, node } = await nodes.join('4', async (node) => {
    // It ends only once the new node is there: that is not waited for here.
    replaced = first!.members.replace(dead.id, node);
    await until('the node is listed', () =>
      first!.members.view().nodes.some(({ id }) => id === node.id),
    );
    return first!.members.view();
  });
  const fourth = await nodes.start(at);
  await replaced;
  await until('the new node votes in all groups', () =>
    fourth.status().groups.every(({ members }) => {
      return members.voters.includes(node.id) && members.voters.length === 3;
    }),
  );
  t.notOk(isMember(first!, dead.id));
  await fourth.submit(7, bytes('k'));
  t.equal(countOf(await fourth.get(7, bytes('k'))), 3, 'what was written before it came is there');
  t.notOk(first!.members.view().nodes.some(({ id }) => id === dead.id));
  await nodes.stop(1);
  await fourth.submit(7, bytes('k'), { timeoutMs: 20_000 });
  t.equal(countOf(await first!.get(7, bytes('k'))), 4, 'it counts for the majority');
  await t.rejects(first!.members.add({ ...node, id: dead.id }), { code: 'MEMBER_HAS_LEFT' });
});

t.test('a cluster of one grows to three voters, and its first node leaves it', async (t) => {
  const nodes = await nodesFor(t, 1);
  const [first] = await nodes.startAll();
  await first!.submit(7, bytes('k'));
  const second = await nodes.join('2', addTo(first!));
  await nodes.start(second.at);
  await until('the second node learns', () =>
    isMember(nodes.running.get(second.at)!, second.node.id),
  );
  t.same(new Set(votersOf(first!)), new Set([1]), 'two voters are no safer than one');
  const third = await nodes.join('3', addTo(nodes.running.get(second.at)!));
  const last = await nodes.start(third.at);
  await until('three vote everywhere', () => votersOf(last).every((voters) => voters === 3));
  const firstId = nodes.made.nodes[0]!.id;
  await last.members.remove(firstId, { timeoutMs: 60_000 });
  t.notOk(isMember(last, firstId));
  t.same(new Set(votersOf(last)), new Set([2]));
  await last.submit(7, bytes('k'), { timeoutMs: 20_000 });
  t.equal(countOf(await last.get(7, bytes('k'))), 2);
  await t.rejects(last.members.remove('00'.repeat(16)), { code: 'MEMBER_UNKNOWN' });
});
