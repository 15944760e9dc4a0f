// The cluster of a configured node, whatever state machine runs on it.

import { type Cluster, type StartOptions, startCluster } from '@rockpool/cluster';
import type { Config } from './config.ts';

export type OpenClusterOptions = Omit<StartOptions, 'dataDir' | 'listenAddress' | 'addressOf'>;

/** Rejects with NodeError. */
export function openCluster(config: Config, options: OpenClusterOptions): Promise<Cluster> {
  const { address, port } = config.peer;
  return startCluster({
    ...options,
    dataDir: config.dataDir,
    disk: config.disk,
    listenAddress: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
    addressOf: (node) => config.peers.get(node.name) ?? node.peerAddress,
  });
}
