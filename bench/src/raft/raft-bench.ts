/*
 * Replicated writes: three of our nodes, with a key-value state machine on the cluster as it is shipped, beside three
 * members of etcd. The load is a process of its own and writes to the leader. Then all three processes are
 * killed and started again, and every acknowledged write is read back from each of them.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, Contestant, RatioSpec, Sample } from '../harness/bench.ts';
import { EtcdCluster, etcdVersion } from './etcd-cluster.ts';
import { lacksForEtcd } from './lacks.ts';
import type { Phase, PhaseReport } from './load-plan.ts';
import { openClient } from './open-client.ts';
import { countMissing } from './read-back.ts';
import { RockpoolCluster } from './rockpool-cluster.ts';
import { runLoad } from './run-load.ts';
import type { StoreCluster, Target } from './store-cluster.ts';
import type { Acknowledged } from './write-plan.ts';

const CLIENTS = [1, 64, 256] as const;
const CLIENTS_SHARDED = 256;
/** Long enough that compilers have done most of their work; servers run for weeks. */
const WARM_UP_SECONDS_MAX = 10;
/** A replica may hear only after its restart what had been committed before. */
const CATCH_UP_TRIES_MAX = 20;
const CATCH_UP_TRY_MS = 500;

export const raftBench: Bench = {
  name: 'raft',
  summary: 'replicated writes of three nodes: rate, CPU and latency, beside three etcd members',
  lacks: lacksForEtcd,
  async contestants() {
    const ours = 'the cluster of rockpool node as shipped, key-value state machine, 3 nodes';
    const etcd = `etcd ${await etcdVersion()} as shipped, TLS between members, 3 members`;
    return [
      contestant('ours', ours, (directory) => RockpoolCluster.make(directory)),
      contestant('etcd', etcd, (directory) => EtcdCluster.make(directory)),
    ];
  },
  ratios: [
    ...CLIENTS.map((clients) => ratio(`writesPerSecond.${clients}`)),
    ...CLIENTS.filter((clients) => clients > 1).map((clients) => ratio(`cpuPerWrite.${clients}`)),
    { ...ratio('p50Ms.1'), key: 'p50At1' },
  ],
};

function ratio(figure: string): RatioSpec {
  return { key: figure, figure, peer: 'etcd' };
}

type MakeStore = (directory: string) => Promise<StoreCluster>;

function contestant(key: string, what: string, make: MakeStore): Contestant {
  return { key, what, measure: (seconds) => measureStore(make, { seconds, clients: CLIENTS }) };
}

export interface MeasureOptions {
  /** Length of each measured window. */
  readonly seconds: number;
  readonly clients: readonly number[];
}

/** Makes a store in a directory of its own, loads it, restarts it, reads everything back, and clears it away. */
export async function measureStore(make: MakeStore, options: MeasureOptions): Promise<Sample> {
  const directory = await mkdtemp(join(tmpdir(), 'rockpool-bench-'));
  try {
    const store = await make(directory);
    try {
      return await loadAndVerify(store, options);
    } finally {
      await store.kill();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function loadAndVerify(store: StoreCluster, options: MeasureOptions): Promise<Sample> {
  const seed = randomBytes(16).toString('hex');
  await store.start();
  const leaders = await store.leaders();
  const phases = phasesOf(leaders, options);
  const { phases: reports, acknowledged } = await runLoad({ seed, pids: store.pids, phases });
  await store.kill();
  await store.start();
  await verifyReplicas(store, leaders, seed, acknowledged);
  return sampleOf(reports);
}

function phasesOf(
  leaders: readonly Target[],
  { seconds, clients }: MeasureOptions,
): readonly Phase[] {
  // All but the last phase load one group.
  const targets = leaders.slice(0, 1);
  const phases = clients.map((lanes) => ({ name: `${lanes}`, lanes, targets, seconds }));
  const warmUpSeconds = Math.min(4 * seconds, WARM_UP_SECONDS_MAX);
  const warmUp = { name: 'warmup', lanes: 64, targets, seconds: warmUpSeconds };
  if (leaders.length === 1) return [warmUp, ...phases];
  const sharded = { name: 'sharded', lanes: CLIENTS_SHARDED, targets: leaders, seconds };
  return [warmUp, ...phases, sharded];
}

async function verifyReplicas(
  store: StoreCluster,
  targets: readonly Target[],
  seed: string,
  acknowledged: Acknowledged,
): Promise<void> {
  const byTarget = targets.map((target) => store.replicas(target));
  const replicas = byTarget[0]?.map((_, at) => byTarget.flatMap((targets) => targets[at] ?? []));
  for (const [at, groups] of (replicas ?? []).entries()) {
    const clients = await Promise.all(groups.map(openClient));
    let missing = await countMissing(clients, seed, acknowledged);
    for (let tries = 0; missing > 0 && tries < CATCH_UP_TRIES_MAX; tries += 1) {
      await sleep(CATCH_UP_TRY_MS);
      missing = await countMissing(clients, seed, acknowledged);
    }
    for (const client of clients) client.close();
    if (missing > 0) throw new Error(`replica ${at + 1} lost ${missing} acknowledged writes`);
  }
}

/** CPU time is in microseconds; that of the servers is of all three together. */
function sampleOf(reports: Readonly<Record<string, PhaseReport>>): Sample {
  const figures: Record<string, number> = {};
  for (const [name, report] of Object.entries(reports)) {
    const { writes, elapsedSeconds, cpuSeconds, loadCpuSeconds, p50Ms, p99Ms } = report;
    const rate = writes / elapsedSeconds;
    const cpuPerWrite = (cpuSeconds * 1_000_000) / writes;
    if (name === 'sharded') {
      figures['sharded.writesPerSecond'] = rate;
      figures['sharded.cpuPerWrite'] = cpuPerWrite;
    } else if (name !== 'warmup') {
      figures[`writesPerSecond.${name}`] = rate;
      figures[`cpuPerWrite.${name}`] = cpuPerWrite;
      figures[`loadCpuPerWrite.${name}`] = (loadCpuSeconds * 1_000_000) / writes;
      figures[`p50Ms.${name}`] = p50Ms;
      figures[`p99Ms.${name}`] = p99Ms;
    }
  }
  figures['retries'] = Object.values(reports).reduce((sum, { retries }) => sum + retries, 0);
  return figures;
}
