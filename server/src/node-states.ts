// Which nodes there are and which are up, as clients are told.

import type { Cluster, NodeInfo } from '@rockpool/cluster';
import { fromHex, type NodeState } from '@rockpool/protocol';

/** Sorted by name, numbers as people count. */
export function nodeStates(cluster: Pick<Cluster, 'status'>): readonly NodeState[] {
  const { self, peers } = cluster.status();
  return [{ node: self, connected: true }, ...peers]
    .map(({ node, connected }): NodeState => {
      return { id: bytesOf(node.id), name: node.name, up: connected ? 1 : 0 };
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** The other nodes that are reached now. */
export function connectedPeers(cluster: Pick<Cluster, 'status'>): readonly NodeInfo[] {
  const { peers } = cluster.status();
  return peers.filter(({ connected }) => connected).map(({ node }) => node);
}

/** The cluster writes its ids as hex. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new Error('an id of the cluster is not hex');
  return bytes;
}
