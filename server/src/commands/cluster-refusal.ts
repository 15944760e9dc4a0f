// The cluster's failures as answers for clients. A timeout means unknown, not failed.

import { ClusterError, type ClusterErrorCode } from '@rockpool/cluster';
import { type ErrorCode, type Refusal, type Result, refuse } from '@rockpool/protocol';

const ANSWERS: Readonly<Record<ClusterErrorCode, ErrorCode>> = {
  CLUSTER_NO_LEADER: 'CLUSTER_UNAVAILABLE',
  CLUSTER_BUSY: 'CLUSTER_UNAVAILABLE',
  CLUSTER_TIMEOUT: 'CLUSTER_TIMEOUT',
  CLUSTER_SESSION_UNKNOWN: 'CLUSTER_UNAVAILABLE',
  CLUSTER_WRONG_SHARD: 'CLUSTER_UNAVAILABLE',
  CLUSTER_TOO_LARGE: 'CHAIN_QUOTA',
  CLUSTER_READ_ONLY: 'CLUSTER_READ_ONLY',
  CLUSTER_STOPPED: 'CLUSTER_UNAVAILABLE',
};

function clusterRefusal(error: ClusterError): Refusal {
  return refuse(ANSWERS[error.code], error.code);
}

/** Runs something that needs the cluster; only the cluster's own failures become refusals. */
export async function withCluster<T>(run: () => Promise<Result<T>>): Promise<Result<T>> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof ClusterError) return clusterRefusal(error);
    throw error;
  }
}
