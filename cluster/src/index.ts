export { admitByToken } from './joining/join-by-token.ts';
export { initCluster, isInitialised } from './node/init-cluster.ts';
export { joinCluster } from './node/join-cluster.ts';
export {
  type GroupFigures,
  groupsNewerIn,
  inspectNode,
  type NodeFigures,
  recoverCluster,
} from './node/recover-cluster.ts';
export type { RecoveryOpening } from './node/recovered-log.ts';
export { restoreCluster, type VerifiedBackup, verifyBackup } from './node/restore-cluster.ts';
export type { NodeErrorCode } from './node-error.ts';
export { NODE_ERRORS, NodeError, StoreDamagedError } from './node-error.ts';
export type {
  ClusterLogger,
  ClusterTiming,
  InitNode,
  InitOptions,
  InitResult,
  JoinOptions,
  MachineModule,
  ThreadOptions,
} from './options.ts';
export { DEFAULT_TIMING } from './options.ts';
export type {
  Applied,
  ApplyContext,
  Bytes,
  Cluster,
  ClusterErrorCode,
  ClusterEvent,
  ClusterMembers,
  ClusterStatus,
  ClusterView,
  DepartureOptions,
  FollowerState,
  GroupScanOptions,
  GroupStatus,
  JoinInvite,
  NewNode,
  NodeIdentity,
  NodeInfo,
  NodeMessages,
  PeerState,
  Row,
  ScanOptions,
  Slot,
  SlotRow,
  StateMachine,
  Submitted,
} from './ports.ts';
export { ClusterError, META, SLOTS } from './ports.ts';
export { startClusterThread } from './thread/start-cluster-thread.ts';
