// The vocabulary of the pure Raft core: what goes in, what comes out, and what is stored.
// Terms follow the Raft thesis (Ongaro, 2014). Everything here is plain data, so that a driver can
// encode it, a simulation can compare it, and nothing in the core depends on where it runs.

import type { ChangeFault, ConfigurationChange } from './configuration.ts';
import type { ChainChecksum, Configuration, Entry, LogBase, NodeId } from './entry.ts';
import type { Message, PeerMessage } from './messages.ts';

/** Must be durable before anything that depends on it leaves the node (thesis 3.8). */
export interface HardState {
  readonly term: number;
  readonly vote: NodeId | undefined;
  /** A lower bound, written along with other changes: a restart may begin below the last commit. */
  readonly commit: number;
}

/** Bounds of everything that grows. */
export interface RaftLimits {
  /** Bytes of entries in one append; a single larger entry still passes alone. */
  readonly appendBytesMax: number;
  /** Appends sent to one follower and not yet answered. */
  readonly inflightAppendsMax: number;
  readonly inflightBytesMax: number;
  /** Proposed and not yet committed; a single larger proposal passes when there is no other. */
  readonly uncommittedBytesMax: number;
  /** Bytes of one page of committed entries; a single larger entry still passes alone. */
  readonly applyBytesMax: number;
  /** Applied entries kept for followers that lag: no more than this many, and of this many bytes. */
  readonly logEntriesKept: number;
  readonly logBytesKept: number;
  /** Beyond it the log is cut although a follower that answers still needs what is cut off. */
  readonly logBytesMax: number;
  /** Reads that a node has asked for, and those that a leader has not yet confirmed. */
  readonly readsMax: number;
}

/** The log as it was restored from disk, and with it who takes part. */
export interface RestoredLog {
  readonly base: LogBase;
  readonly entries: readonly Entry[];
}

export interface RaftConfig {
  readonly group: number;
  readonly self: NodeId;
  /** Higher at each start of this node. */
  readonly boot: number;
  /** The election timeout is drawn from [electionTicks, 2 * electionTicks). */
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** Any integer; different on each node, else elections tie. */
  readonly seed: number;
  readonly chainChecksum: ChainChecksum;
  /** undefined on a node that has never written one. */
  readonly hardState: HardState | undefined;
  readonly log: RestoredLog;
  /** The last entry the state machine has applied durably. */
  readonly applied: number;
  readonly limits: RaftLimits;
}

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader';

export type RoleChangeReason =
  | 'electionTimeout'
  | 'leadershipTransferred'
  | 'preVoteWon'
  | 'electionWon'
  | 'electionLost'
  | 'yielded'
  | 'higherTerm'
  | 'leaderHeard'
  | 'quorumLost'
  | 'diskStalled'
  | 'removed';

export type RaftEvent =
  | {
      readonly kind: 'roleChanged';
      readonly from: Role;
      readonly to: Role;
      readonly term: number;
      readonly reason: RoleChangeReason;
    }
  | {
      readonly kind: 'leaderChanged';
      readonly term: number;
      readonly leader: NodeId | undefined;
    }
  /** A snapshot that was stepped ends in this, or in a batch that installs it. */
  | { readonly kind: 'snapshotNotNeeded'; readonly index: number }
  /** A message that no correct node sends; nothing was changed by it, and it was not answered. */
  | {
      readonly kind: 'messageRefused';
      readonly from: NodeId;
      readonly message: Message['kind'];
      readonly reason:
        | 'checksumChain'
        | 'malformedEntries'
        | 'conflictsWithCommitted'
        | 'impossibleIndex'
        /** Entries that this node acknowledged are not in its log: it must not go on. */
        | 'lostAcknowledged';
    };

/**
 * One atomic write. In this order: replace the log and the state machine by the snapshot (if given), drop
 * every entry up to the index of compactTo (if given), drop every entry from truncateFrom on (if given),
 * append the entries, replace the hard state (if given). Batches become durable in the order of their numbers.
 */
export interface PersistBatch {
  /** Starts at 1 with each process. */
  readonly batch: number;
  readonly hardState: HardState | undefined;
  /** The log goes on from here, and so does the state machine, which was received beside the core. */
  readonly snapshot: LogBase | undefined;
  readonly compactTo: LogBase | undefined;
  readonly truncateFrom: number | undefined;
  readonly entries: readonly Entry[];
  /** To be given back to persisted(). */
  readonly term: number;
  readonly index: number;
}

/** Messages that promise something durable: they leave once this batch, and all before it, is. */
export interface SendAfter {
  readonly batch: number;
  readonly messages: readonly PeerMessage[];
}

/** Everything the core wants done. Never empty: ready() returns undefined when there is nothing. */
export interface Ready {
  readonly persist: PersistBatch | undefined;
  readonly sendNow: readonly PeerMessage[];
  /** May name an earlier batch that is still being written. */
  readonly sendAfter: SendAfter | undefined;
  /** Committed and durable here, in order. The next page comes after applied(last index of this). */
  readonly apply: readonly Entry[];
  /** What this node has applied, with the snapshot in persist if any, is current for these reads. */
  readonly reads: readonly ConfirmedRead[];
  /** Reads that nobody will confirm any more; a new one may be asked for. */
  readonly failedReads: readonly number[];
  /** Followers that need the state machine itself; each ends with snapshotEnded(). */
  readonly snapshotsFor: readonly NodeId[];
  readonly events: readonly RaftEvent[];
}

export interface Proposal {
  readonly command: Uint8Array;
  /** Raised to the last entry's time if it is below. */
  readonly entryTimeMs: number;
  readonly ruleVersion: number;
  readonly tableEpoch: number;
}

/** ok is no promise yet: the entry at index may be replaced by one of a higher term. */
export type ProposeResult =
  | { readonly ok: true; readonly index: number; readonly term: number }
  | {
      readonly ok: false;
      readonly code: 'NOT_LEADER';
      readonly leader: NodeId | undefined;
    }
  | { readonly ok: false; readonly code: 'BUSY' | 'TRANSFERRING' };

export type ConfigurationRefusal =
  | ChangeFault
  | 'TRANSFERRING'
  /** The change before is not committed, or its joint configuration not left. */
  | 'CHANGE_UNDER_WAY'
  /** The leader has not yet committed anything in its term. */
  | 'LEADER_NOT_READY'
  /** A learner is not there, or lacks too much of the log to become a voter. */
  | 'LEARNER_BEHIND'
  /** Too few of those who would vote answer. */
  | 'QUORUM_AT_RISK';

/** ok is no promise yet: the entry at index may be replaced by one of a higher term. */
export type ProposeConfigurationResult =
  | { readonly ok: true; readonly index: number; readonly term: number }
  | {
      readonly ok: false;
      readonly code: 'NOT_LEADER';
      readonly leader: NodeId | undefined;
    }
  | { readonly ok: false; readonly code: ConfigurationRefusal };

export interface ConfirmedRead {
  readonly read: number;
  /** At or above everything that was committed when the read was asked for. */
  readonly index: number;
}

/** Each read that was taken ends, in Ready's reads or in its failedReads. */
export type ReadResult =
  | { readonly ok: true; readonly read: number }
  | { readonly ok: false; readonly code: 'NO_LEADER' | 'BUSY' };

export interface FollowerStatus {
  readonly node: NodeId;
  readonly matchIndex: number;
  readonly nextIndex: number;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  readonly inflightAppends: number;
  readonly inflightBytes: number;
  /** It has answered a heartbeat of the last two election timeouts. */
  readonly isLive: boolean;
}

export interface RaftStatus {
  readonly role: Role;
  readonly term: number;
  readonly vote: NodeId | undefined;
  readonly leader: NodeId | undefined;
  readonly commit: number;
  readonly applied: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly durableIndex: number;
  readonly logBytes: number;
  readonly uncommittedBytes: number;
  /** The newest in the log, which is in force, and where it stands; committed if not above commit. */
  readonly configuration: Configuration;
  readonly configurationIndex: number;
  /** Only on a leader. */
  readonly followers: readonly FollowerStatus[];
  /** Only while a leader hands over. */
  readonly transferTo: NodeId | undefined;
}

/** A place in the log of a group. */
export interface LogPlace {
  readonly term: number;
  readonly index: number;
}

/** The term of its leader, where the logs of all members end, and who else is a member. */
export interface QuietGroup extends LogPlace {
  readonly followers: readonly NodeId[];
}

/**
 * One member of one Raft group. Call an input, then drain ready() until it returns undefined. A
 * broken invariant throws, and the process must not go on with this object.
 */
export interface Raft {
  readonly role: Role;
  readonly term: number;
  readonly leader: NodeId | undefined;
  /** Without leave to campaign, a follower whose timeout is over waits for the next tick. */
  tick(mayCampaign?: boolean): void;
  /** On a leader of whose group nobody has had anything to do for an election timeout. */
  readonly quiet: QuietGroup | undefined;
  /**
   * What the leader says when ticks are to cease here. False if there is still something to do; else no tick is due any more
   * until resume(), as long as the leader's node gives signs of life, and no input came but heartbeats of this term.
   */
  quiesce(leader: NodeId, place: LogPlace): boolean;
  /** Ticks begin again after so many that were left out; in the last of them the leader's node was silent. */
  resume(missedTicks: number, silentTicks: number): void;
  /** Whether a tick left something for ready(); after any other input it is to be drained anyway. */
  readonly hasOutput: boolean;
  /** Messages of other groups and to other nodes are ignored, and answers of nodes that take no part. */
  step(message: Message): void;
  propose(proposal: Proposal): ProposeResult;
  /** Changes who takes part; what voters there are by way of a joint configuration, which ends by itself. */
  proposeConfiguration(change: ConfigurationChange): ProposeConfigurationResult;
  /** Asks the leader, here or elsewhere, from which index on this node's state is current. */
  readIndex(): ReadResult;
  /** Hands leadership over to this voter; to itself it cancels that. Nothing unless this node leads. */
  transfer(to: NodeId): void;
  /** The batch, and every one before it, is durable; term and index as the batch gave them. */
  persisted(done: { readonly batch: number; readonly term: number; readonly index: number }): void;
  applied(index: number): void;
  /** What was sent to this node is probably lost. */
  unreachable(node: NodeId): void;
  /** Its connection broke, as it does when its process ends: a leader may be gone. */
  connectionLost(node: NodeId): void;
  /** The follower has the snapshot, or will not have it: what it needs next is found out anew. */
  snapshotEnded(node: NodeId, isReceived: boolean): void;
  ready(): Ready | undefined;
  status(): RaftStatus;
  /** Entries from `from` to `to`, both included; both must lie in the log. */
  entries(from: number, to: number): readonly Entry[];
}
