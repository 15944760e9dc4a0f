// Our nodes are killed and come back, and the outage of the slowest group is what is measured.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { measureKills } from '../src/failover/failover-bench.ts';
import { measureGroups } from '../src/groups/groups-bench.ts';
import { skewedTargets } from '../src/groups/skewed-targets.ts';
import { RockpoolCluster } from '../src/raft/rockpool-cluster.ts';

// Each starts three processes several times, on a machine that may be busy.
t.setTimeout(400_000);

t.test('the nodes of a cluster survive a kill, and the outage is told', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'rockpool-bench-'));
  t.teardown(() => rm(directory, { recursive: true, force: true }));
  const cluster = await RockpoolCluster.make(join(directory, 'nodes'));
  const { p50Ms, p99Ms } = await measureKills(cluster, 1);
  t.ok(p50Ms! > 0, `${p50Ms} ms`);
  t.equal(p99Ms, p50Ms);
  t.same(cluster.pids, []);
});

t.test('groups idle and under load have their figures', async (t) => {
  const { idleCpuPercent, rssMiB, writesPerSecond } = await measureGroups(2, 1, 500);
  t.ok(idleCpuPercent! >= 0 && idleCpuPercent! < 100);
  t.ok(rssMiB! > 10);
  t.ok(writesPerSecond! > 0);
});

t.test('a skewed load goes to the first groups most, and to as many as it has lanes for', (t) => {
  const groups = Array.from({ length: 16 }, (_, slot) => {
    return { system: 'rockpool', port: 1, slot } as const;
  });
  const lanesOf = new Map<number, number>();
  for (const { slot } of skewedTargets(groups, 64)) {
    lanesOf.set(slot, (lanesOf.get(slot) ?? 0) + 1);
  }
  t.equal(lanesOf.size, 16);
  t.equal(lanesOf.get(0), 19);
  t.equal(lanesOf.get(1), 9);
  t.equal(lanesOf.get(15), 1);
  t.equal(skewedTargets(groups.slice(0, 1), 64).length, 64);
  t.end();
});
