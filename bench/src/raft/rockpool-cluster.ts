// Three of our nodes, each in its own process with its own directory: certificates, checksums, syncs and timing as
// shipped.
import { join } from 'node:path';
import { initCluster } from '@rockpool/cluster';
import { KvNodeClient, type KvNodeState } from '@rockpool/cluster/testing';
import { freeTcpPorts } from '@rockpool/server';
import { Child } from '../harness/child.ts';
import { REPLICAS, type StoreCluster, type Target, untilReady } from './store-cluster.ts';

/** As `rockpool init` makes it. */
const SHARD_GROUPS = 16;
const HOST = '127.0.0.1';
const NODE_MAIN = join(import.meta.dirname, 'kv-node-main.ts');

interface Node {
  readonly name: string;
  readonly dataDir: string;
  readonly kvPort: number;
  readonly peerPort: number;
}

export class RockpoolCluster implements StoreCluster {
  readonly #nodes: readonly Node[];
  /** By node; undefined while it is down. */
  #children: (Child | undefined)[] = [];

  private constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
  }

  static async make(directory: string, shardGroups = SHARD_GROUPS): Promise<RockpoolCluster> {
    const ports = await freeTcpPorts(2 * REPLICAS);
    const nodes = Array.from({ length: REPLICAS }, (_, at) => ({
      name: `${at + 1}`,
      dataDir: join(directory, `${at + 1}`),
      kvPort: ports[2 * at] ?? 0,
      peerPort: ports[2 * at + 1] ?? 0,
    }));
    await initCluster({
      dataDirs: nodes.map(({ dataDir }) => dataDir),
      nodes: nodes.map(({ name, peerPort }) => ({ name, peerAddress: `${HOST}:${peerPort}` })),
      shardGroups,
    });
    return new RockpoolCluster(nodes);
  }

  get pids(): readonly number[] {
    return this.#running.map(({ pid }) => pid);
  }

  async start(): Promise<void> {
    for (const [at, { dataDir, kvPort, peerPort }] of this.#nodes.entries()) {
      if (this.#children[at] !== undefined) continue;
      const environment = {
        ROCKPOOL_PUBLIC_ORIGIN: 'http://localhost:8080',
        ROCKPOOL_DATA: dataDir,
        ROCKPOOL_PEER_ADDRESS: HOST,
        ROCKPOOL_PEER_PORT: `${peerPort}`,
      };
      const args = [NODE_MAIN, `${kvPort}`];
      this.#children[at] = await Child.start({ command: process.execPath, args, environment });
    }
    await untilReady(this.#running, () => this.#leaders());
  }

  async leaders(): Promise<readonly Target[]> {
    const leaders = await this.#leaders();
    if (leaders === undefined) throw new Error('a group lost its leader before the load');
    return leaders;
  }

  replicas(target: Target): readonly Target[] {
    return this.#nodes.map(({ kvPort }) => ({ ...target, port: kvPort }));
  }

  async kill(): Promise<void> {
    await Promise.all(this.#running.map((child) => child.stop('SIGKILL')));
    this.#children = [];
  }

  async killLeader(killed: () => void): Promise<readonly Target[]> {
    const leaders = await this.leaders();
    const led = this.#nodes.map(({ kvPort }) => leaders.filter(({ port }) => port === kvPort));
    const most = Math.max(...led.map(({ length }) => length));
    const at = led.findIndex(({ length }) => length === most);
    const survivor = this.#nodes[(at + 1) % REPLICAS];
    const child = this.#children[at];
    this.#children[at] = undefined;
    const stopped = child?.stop('SIGKILL');
    killed();
    await stopped;
    return (led[at] ?? []).map((target) => ({ ...target, port: survivor?.kvPort ?? 0 }));
  }

  /** The sum of the terms of all groups that take writes: it rises by one at least with each election. */
  async terms(): Promise<number> {
    const states = await Promise.all(this.#nodes.map(({ kvPort }) => stateOf(kvPort)));
    const terms = new Map<number, number>();
    for (const { slot, term } of states.flatMap(({ groups }) => groups)) {
      terms.set(slot, Math.max(term, terms.get(slot) ?? 0));
    }
    return [...terms.values()].reduce((sum, term) => sum + term, 0);
  }

  get #running(): readonly Child[] {
    return this.#children.filter((child) => child !== undefined);
  }

  /** Undefined until every node is ready and every group has a leader. */
  async #leaders(): Promise<readonly Target[] | undefined> {
    const leaders = new Map<number, Target>();
    let groups = 0;
    for (const { kvPort: port } of this.#nodes) {
      const state = await stateOf(port);
      if (!state.ready) return undefined;
      groups = state.groups.length;
      for (const { slot } of state.groups.filter(({ leads }) => leads)) {
        leaders.set(slot, { system: 'rockpool', port, slot });
      }
    }
    if (leaders.size < groups) return undefined;
    return [...leaders.values()].sort((a, b) => a.slot - b.slot);
  }
}

async function stateOf(port: number): Promise<KvNodeState> {
  const client = await KvNodeClient.open(port, 0);
  try {
    return await client.state();
  } finally {
    client.close();
  }
}
