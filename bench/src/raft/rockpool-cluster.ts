// Three of our nodes, each in its own process with its own directory: certificates, checksums, syncs and timing as
// shipped.
import { join } from 'node:path';
import { initCluster } from '@rockpool/cluster';
import { KvNodeClient, type KvNodeState } from '@rockpool/cluster/testing';
import { Child } from '../harness/child.ts';
import { freeTcpPorts } from './free-ports.ts';
import { REPLICAS, type StoreCluster, type Target, untilReady } from './store-cluster.ts';

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
  #children: Child[] = [];

  private constructor(nodes: readonly Node[]) {
    this.#nodes = nodes;
  }

  static async make(directory: string): Promise<RockpoolCluster> {
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
    });
    return new RockpoolCluster(nodes);
  }

  get pids(): readonly number[] {
    return this.#children.map(({ pid }) => pid);
  }

  async start(): Promise<void> {
    for (const { dataDir, kvPort, peerPort } of this.#nodes) {
      const environment = {
        ROCKPOOL_PUBLIC_ORIGIN: 'http://localhost:8080',
        ROCKPOOL_DATA: dataDir,
        ROCKPOOL_PEER_ADDRESS: HOST,
        ROCKPOOL_PEER_PORT: `${peerPort}`,
      };
      const args = [NODE_MAIN, `${kvPort}`];
      this.#children.push(await Child.start({ command: process.execPath, args, environment }));
    }
    await untilReady(this.#children, () => this.#leaders());
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
    await Promise.all(this.#children.map((child) => child.stop('SIGKILL')));
    this.#children = [];
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
