// Which nodes there are and which are up, as clients are told.

import type { Cluster, NodeInfo } from '@rockpool/cluster';
import { fromHex, type NodeState } from '@rockpool/protocol';

type NodesHere = Pick<Cluster, 'identity' | 'nodes'>;

/** Sorted by name, numbers as people count. */
export function nodeStates({ identity, nodes }: NodesHere): readonly NodeState[] {
  const self = { id: identity.nodeId, name: identity.name };
  return [{ node: self, connected: true }, ...nodes.peers()]
    .map(({ node, connected }): NodeState => {
      return { id: bytesOf(node.id), name: node.name, up: connected ? 1 : 0 };
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** The other nodes that are reached now. */
export function connectedPeers({ nodes }: Pick<Cluster, 'nodes'>): readonly NodeInfo[] {
  return nodes.peers().flatMap(({ node, connected }) => (connected ? [node] : []));
}

/** The cluster writes its ids as hex. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = fromHex(hex);
  if (bytes === undefined) throw new Error('an id of the cluster is not hex');
  return bytes;
}
