/*
 * What many groups cost: three of our nodes with 1, 16, 256 and 1,000 shard groups, first idle, then under a load that
 * goes mostly to few of the groups.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, Sample } from '../harness/bench.ts';
import { processCpuSeconds } from '../harness/process-cpu.ts';
import { processResidentKib } from '../harness/process-memory.ts';
import { lacksForNodes } from '../raft/lacks.ts';
import { RockpoolCluster } from '../raft/rockpool-cluster.ts';
import { runLoad } from '../raft/run-load.ts';
import { skewedTargets } from './skewed-targets.ts';

const GROUPS = [1, 16, 256, 1_000] as const;
const LANES = 64;
/** After the elections, until groups, collectors and compilers rest: what runs ten times a second is compiled late. */
const REST_MS = 60_000;

export const groupsBench: Bench = {
  name: 'groups',
  summary: 'what many groups cost: idle CPU, memory, and writes under a skewed load',
  lacks: lacksForNodes,
  async contestants() {
    const what = 'three nodes of the cluster as shipped, 1 to 1,000 shard groups';
    return [{ key: 'ours', what, measure: measureAll }];
  },
  ratios: [],
};

async function measureAll(seconds: number): Promise<Sample> {
  const figures: Record<string, number> = {};
  for (const groups of GROUPS) {
    for (const [name, value] of Object.entries(await measureGroups(groups, seconds))) {
      figures[`groups.${groups}.${name}`] = value;
    }
  }
  return figures;
}

/** CPU and memory are the mean of the three nodes. */
export async function measureGroups(
  groups: number,
  seconds: number,
  restMs = REST_MS,
): Promise<Sample> {
  const directory = await mkdtemp(join(tmpdir(), 'rockpool-bench-'));
  try {
    const cluster = await RockpoolCluster.make(directory, groups);
    try {
      await cluster.start();
      const leaders = await cluster.leaders();
      await sleep(restMs);
      const { pids } = cluster;
      const idleCpuPercent = await cpuPercent(pids, seconds);
      const rssMiB = mean(pids.map((pid) => processResidentKib(pid) / 1024));
      const targets = skewedTargets(leaders, LANES);
      const phase = { name: 'skewed', lanes: LANES, targets, seconds };
      const seed = randomBytes(16).toString('hex');
      const { phases } = await runLoad({ seed, pids, phases: [phase] });
      const { writes = 0, elapsedSeconds = 0 } = phases['skewed'] ?? {};
      return { idleCpuPercent, rssMiB, writesPerSecond: writes / elapsedSeconds };
    } finally {
      await cluster.kill();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function cpuPercent(pids: readonly number[], seconds: number): Promise<number> {
  const used = () => mean(pids.map(processCpuSeconds));
  const [startedMs, before] = [performance.now(), used()];
  await sleep(seconds * 1000);
  return ((used() - before) / ((performance.now() - startedMs) / 1000)) * 100;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
