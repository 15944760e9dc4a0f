// Three nodes as `rockpool node` starts them, each in its own process with its own directory.
import { join } from 'node:path';
import { initCluster } from '@rockpool/cluster';
import { freeTcpPorts } from '@rockpool/server';
import type { Child } from '../harness/child.ts';
import { LOOPBACK } from '../signal/loopback.ts';
import { rockpool, startNode, untilReady } from '../signal/prepared-node.ts';

const NODES = 3;

export interface Place {
  readonly data: string;
  readonly port: number;
  readonly peerPort: number;
}

/** What the nodes say of themselves, put together. */
export interface Standing {
  /** The sum of all groups' terms: it rises by one at least with each election. */
  readonly terms: number;
  /** The leaders of all groups, in the order of the groups. */
  readonly leaders: readonly string[];
  readonly commits: number;
  /** The longest that the event loop of a cluster's thread was late within the last 10 to 20 s. */
  readonly loopLagMs: number;
}

interface StatusLine {
  readonly cluster: {
    readonly loopLagMs: number;
    readonly groups: readonly {
      readonly group: number;
      readonly term: number;
      readonly leader?: string;
      readonly commitIndex: number;
    }[];
  };
}

export class ThreeNodes {
  readonly places: readonly Place[];
  readonly #running: Child[] = [];

  private constructor(places: readonly Place[]) {
    this.places = places;
  }

  /** Resolves once all of them are ready. */
  static async start(directory: string): Promise<ThreeNodes> {
    const ports = await freeTcpPorts(2 * NODES);
    const nodes = new ThreeNodes(
      Array.from({ length: NODES }, (_, at) => ({
        data: join(directory, `node-${at + 1}`),
        port: ports[2 * at] ?? 0,
        peerPort: ports[2 * at + 1] ?? 0,
      })),
    );
    const { places } = nodes;
    await initCluster({
      dataDirs: places.map(({ data }) => data),
      nodes: places.map(({ peerPort }, at) => {
        return { name: `${at + 1}`, peerAddress: `${LOOPBACK}:${peerPort}` };
      }),
    });
    for (const place of places) nodes.#running.push(await startNode(place));
    await Promise.all(nodes.#running.map((node, at) => untilReady(node, places[at]?.port ?? 0)));
    return nodes;
  }

  async standing(): Promise<Standing> {
    const lines = await Promise.all(
      this.places.map(async ({ data }): Promise<StatusLine> => {
        return JSON.parse(await rockpool('status', '--json', '--data', data));
      }),
    );
    const groups = lines[0]?.cluster.groups ?? [];
    const newest = groups.map(({ group }) => {
      const views = lines.flatMap(({ cluster }) =>
        cluster.groups.filter((view) => view.group === group),
      );
      return views.reduce((best, view) => (view.term > best.term ? view : best));
    });
    return {
      terms: newest.reduce((sum, { term }) => sum + term, 0),
      leaders: newest.map(({ leader }) => leader ?? 'none'),
      commits: newest.reduce((sum, { commitIndex }) => sum + commitIndex, 0),
      loopLagMs: Math.max(...lines.map(({ cluster }) => cluster.loopLagMs)),
    };
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.map((node) => node.stop()));
  }
}
