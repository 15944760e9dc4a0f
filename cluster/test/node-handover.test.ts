import t from 'tap';
import type { ClusterNode } from '../src/node/cluster-node.ts';
import { META } from '../src/ports.ts';
import { counterMachine } from '../testing/counter-machine.ts';
import { TestNodes } from '../testing/test-nodes.ts';

/** Elections take seconds here, so that one which needs no timeout is told by its time. */
const TIMING = { tickMs: 20, electionTicks: 100, heartbeatTicks: 5 };
const SLOTS = Array.from({ length: 4 }, (_, at) => at * 16_384);

const ledBy = (cluster: ClusterNode) => cluster.groups.filter((group) => cluster.isLeader(group));

t.test('a node that stops hands over every group it leads, and nobody waits', async (t) => {
  const nodes = await TestNodes.init(counterMachine, 3, 4);
  t.teardown(() => nodes.end());
  const running = await Promise.all([0, 1, 2].map((at) => nodes.start(at, { timing: TIMING })));
  for (const slot of SLOTS) await running[0]!.submit(slot, Buffer.from('k'), { timeoutMs: 30_000 });
  // Without a leader at first, the meta group would elect one at any moment from now on.
  await running[0]!.barrier(META, { timeoutMs: 30_000 });
  const stopping = running.findIndex((cluster) => ledBy(cluster).length > 0);
  const led = ledBy(running[stopping]!);
  t.ok(led.length > 0);
  const lines = nodes.logs.map(({ lines }) => lines.length);
  await nodes.stop(stopping);
  const others = [...nodes.running.values()];
  for (const slot of SLOTS) await others[0]!.submit(slot, Buffer.from('k'), { timeoutMs: 30_000 });
  const campaigns = nodes.logs.flatMap((log, at) =>
    log.lines.slice(lines[at]).filter(({ fields }) => fields['to'] === 'candidate'),
  );
  t.same([...new Set(campaigns.map(({ fields }) => fields['reason']))], ['leadershipTransferred']);
  t.same(campaigns.map(({ fields }) => fields['group']).sort(), led, 'each of them, once');
});

t.test('a node that nobody can take over from stops all the same', async (t) => {
  const nodes = await TestNodes.init(counterMachine, 3, 1);
  t.teardown(() => nodes.end());
  const running = await nodes.startAll();
  await running[0]!.submit(0, Buffer.from('k'));
  await Promise.all([0, 1, 2].map((at) => nodes.stop(at)));
  t.equal(nodes.running.size, 0);
  const alone = await TestNodes.init(counterMachine, 1, 1);
  t.teardown(() => alone.end());
  const node = await alone.start(0);
  await node.submit(0, Buffer.from('k'));
  await alone.stop(0);
  await t.rejects(node.submit(0, Buffer.from('k')), { code: 'CLUSTER_STOPPED' });
});
