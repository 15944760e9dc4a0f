// Opens one node of a cluster.

import { NodeError } from '../node-error.ts';
import type { StartOptions } from '../options.ts';
import type { Cluster } from '../ports.ts';

/** Starts the node of a data directory. Rejects with NodeError. */
export async function startCluster(options: StartOptions): Promise<Cluster> {
  throw new NodeError('NODE_NOT_INITIALISED', options.dataDir);
}
