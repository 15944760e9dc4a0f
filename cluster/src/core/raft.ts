// The door to the pure core.

import type { Raft, RaftConfig } from './types.ts';

/** Restores one member of one group from what its disk holds. It starts as a follower. */
export function createRaft(config: RaftConfig): Raft {
  throw new Error(`group ${config.group}: not built yet`);
}
