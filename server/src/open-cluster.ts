// The cluster of a configured node, whatever state machine runs on it.

import { type Cluster, startClusterThread, type ThreadOptions } from '@rockpool/cluster';
import type { Config } from './config.ts';

export type OpenClusterOptions = Omit<
  ThreadOptions,
  'dataDir' | 'disk' | 'listenAddress' | 'peerAddresses'
>;

/** In a thread of its own. Rejects with NodeError. */
export function openCluster(config: Config, options: OpenClusterOptions): Promise<Cluster> {
  const { address, port } = config.peer;
  return startClusterThread({
    ...options,
    dataDir: config.dataDir,
    disk: config.disk,
    listenAddress: address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`,
    peerAddresses: config.peers,
  });
}
