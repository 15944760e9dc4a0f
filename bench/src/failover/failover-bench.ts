/*
 * How long nobody can write after the node that leads most was killed: three of our nodes beside three members of
 * etcd, as shipped and with our timeouts. And how often leaders change although nothing is wrong.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bench, type Extent, type Sample, USUAL_EXTENT } from '../harness/bench.ts';
import { EtcdCluster, etcdVersion } from '../raft/etcd-cluster.ts';
import { lacksForEtcd } from '../raft/lacks.ts';
import { percentile } from '../raft/percentile.ts';
import { RockpoolCluster } from '../raft/rockpool-cluster.ts';
import { runLoad } from '../raft/run-load.ts';
import type { StoreCluster } from '../raft/store-cluster.ts';
import { outageMs } from './outage.ts';

const CLIENTS = 256;
const SECONDS_PER_MINUTE = 60;
/** Ours: heartbeats every 100 ms, elections after 0.5 to 1 s of silence. etcd draws from once to twice as well. */
const OUR_TIMEOUTS = ['--heartbeat-interval=100', '--election-timeout=500'];

export const failoverBench: Bench = {
  name: 'failover',
  summary: 'after kill -9 of a leader: time to the next committed write, beside three etcd members',
  lacks: lacksForEtcd,
  async contestants() {
    const etcd = `etcd ${await etcdVersion()}, TLS between members, 3 members`;
    return [
      {
        key: 'ours',
        what: 'the cluster of rockpool node as shipped, key-value state machine, 3 nodes, 16 shard groups',
        measure: (_, extent = USUAL_EXTENT) =>
          inDirectory((directory) => measureOurs(directory, extent)),
      },
      {
        key: 'etcd',
        what: `${etcd}, as shipped`,
        measure: (_, { kills } = USUAL_EXTENT) =>
          inDirectory(async (directory) => measureKills(await EtcdCluster.make(directory), kills)),
      },
      {
        key: 'etcdSameTimeouts',
        what: `${etcd}, ${OUR_TIMEOUTS.join(' ')}`,
        measure: (_, { kills } = USUAL_EXTENT) =>
          inDirectory(async (directory) =>
            measureKills(await EtcdCluster.make(directory, OUR_TIMEOUTS), kills),
          ),
      },
    ];
  },
  usualRounds: 1,
  ratios: [
    { key: 'p99', figure: 'p99Ms', peer: 'etcd' },
    { key: 'p99SameTimeouts', figure: 'p99Ms', peer: 'etcdSameTimeouts' },
  ],
};

async function inDirectory(measure: (directory: string) => Promise<Sample>): Promise<Sample> {
  const directory = await mkdtemp(join(tmpdir(), 'rockpool-bench-'));
  try {
    return await measure(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function measureOurs(directory: string, { kills, minutes }: Extent): Promise<Sample> {
  const needlessElections = await countElections(join(directory, 'calm'), minutes);
  const outages = await measureKills(await RockpoolCluster.make(join(directory, 'killed')), kills);
  return { ...outages, needlessElections };
}

/** Killed again and again, each time after all three serve. */
export async function measureKills(store: StoreCluster, kills: number): Promise<Sample> {
  try {
    const outagesMs: number[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      await store.start();
      outagesMs.push(await outageMs(store));
    }
    return { p50Ms: percentile(outagesMs, 0.5), p99Ms: percentile(outagesMs, 0.99) };
  } finally {
    await store.kill();
  }
}

/** Under full load, with nothing killed: each election is one too many. */
async function countElections(directory: string, minutes: number): Promise<number> {
  const cluster = await RockpoolCluster.make(directory);
  try {
    await cluster.start();
    const before = await cluster.terms();
    const targets = await cluster.leaders();
    const seconds = minutes * SECONDS_PER_MINUTE;
    const phase = { name: 'calm', lanes: CLIENTS, targets, seconds };
    const seed = randomBytes(16).toString('hex');
    await runLoad({ seed, pids: cluster.pids, phases: [phase] });
    return (await cluster.terms()) - before;
  } finally {
    await cluster.kill();
  }
}
