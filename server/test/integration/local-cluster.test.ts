import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { freeTcpPort, isTcpPortFree } from '../../src/launcher/free-ports.ts';
import { type LocalCluster, startLocalCluster } from '../../src/launcher/local-cluster.ts';

const WAIT_MAX_MS = 40_000;
const POLL_MS = 100;

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MAX_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

const pidOf = async (cluster: LocalCluster, name: string) =>
  (await cluster.lines()).find((line) => line.name === name)?.pid;

t.test('three processes behind one door: one is killed, and comes back by itself', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'rockpool-local-'));
  const port = await freeTcpPort();
  const options = { nodes: 3, port, dataDir, fresh: false, webDir: dataDir } as const;
  const cluster = await startLocalCluster({ ...options, changed: () => {} });
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  t.teardown(() => cluster.stop());
  await until('all nodes ready', () => cluster.readyNodes() === 3);
  const answers = async (path: string) => (await fetch(`${cluster.origin}${path}`)).ok;
  t.equal(await answers('/livez'), true);

  await t.rejects(startLocalCluster({ ...options, changed: () => {} }), { message: /is in use/ });
  const pid = await pidOf(cluster, '2');
  process.kill(pid!, 'SIGKILL');
  await until('the node is gone', async () => (await pidOf(cluster, '2')) === undefined);
  t.equal(await answers('/livez'), true, 'the front door serves on');
  t.equal((await fetch(`${cluster.origin}/n/2/livez`)).status, 503);
  await until('it is back', () => cluster.readyNodes() === 3);
  t.not(await pidOf(cluster, '2'), pid);

  await cluster.stop();
  t.equal(await isTcpPortFree(port, '127.0.0.1'), true, 'nothing is left of it');
  const wrong = startLocalCluster({ ...options, nodes: 1, changed: () => {} });
  await t.rejects(wrong, { message: /holds a cluster of 3/ });
});
