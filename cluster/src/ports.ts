// What the application sees of the cluster, and what it must give it. Everything that crosses this
// line is bytes and plain data, and what must be known at once is little and told in advance: so a node runs in a
// thread of its own (thread/), and an existing consensus store could stand behind this. Nothing here knows what Rockpool stores.

import type { SyncFigures } from '@rockpool/storage';
import type { GroupHistory } from './driver/group-history.ts';
import type { PeerTrouble } from './peer/peer-trouble.ts';

export type Bytes = Uint8Array;

/** At once from a node in this thread, later from one in another: to be awaited. */
export type Awaitable<T> = T | Promise<T>;

/** A user's or pool's place among 65,536; META addresses the meta group's application rows. */
export type Slot = number;
export const META: Slot = -1;
export const SLOTS = 65_536;

/** One row of the state machine. Keys are relative to the slot; a null value deletes. */
export interface Row {
  readonly key: Bytes;
  readonly value: Bytes | null;
}

/** What apply knows besides its rows. All of it comes from the log: same log, same state. */
export interface ApplyContext {
  readonly group: number;
  readonly slot: Slot;
  readonly index: number;
  readonly term: number;
  /** Stamped by the leader, never below the last one of the group (milliseconds since 1970). */
  readonly entryTimeMs: number;
  readonly ruleVersion: number;
}

export interface Applied {
  readonly writes: readonly Row[];
  readonly reply: Bytes;
  /** Handed to every node's listeners once the writes are durable there. */
  readonly events: readonly Bytes[];
}

/**
 * The application's state machine. Deterministic: no clock, no randomness, no IO. Both functions
 * take any bytes and never throw on them: a command that cannot be read has an empty read set and a
 * coded refusal as its reply.
 */
export interface StateMachine {
  /** Whose rows belong to the group and not to one of its slots, wherever they are named. None where it is left out. */
  readonly groupKeys?: readonly Bytes[];
  /** The keys (in the command's own slot) that apply may look at. */
  readSet(slot: Slot, command: Bytes): readonly Bytes[];
  apply(rows: (key: Bytes) => Bytes | undefined, command: Bytes, context: ApplyContext): Applied;
}

export interface ScanOptions {
  /** Keys that start with this prefix, in ascending order. */
  readonly prefix: Bytes;
  /** Only keys after this one (exclusive). */
  readonly after?: Bytes;
  /** At most this many rows; the caller pages with `after`. */
  readonly limit: number;
}

export interface GroupScanOptions {
  /** Rows of every slot whose own key starts with this prefix, by slot and then by key. */
  readonly prefix: Bytes;
  /** Only rows after this one (exclusive). */
  readonly after?: { readonly slot: Slot; readonly key: Bytes };
  /** At most this many rows; the caller pages with `after`. */
  readonly limit: number;
}

export interface SlotRow {
  readonly slot: Slot;
  readonly key: Bytes;
  readonly value: Bytes;
}

export interface NodeInfo {
  /** 16 bytes as lower-case hex. */
  readonly id: string;
  /** Short name that people and URLs use: "1", "2", "3". */
  readonly name: string;
  /** host:port of the peer listener. */
  readonly peerAddress: string;
  /** SHA-256 of the node's certificate (DER), lower-case hex. */
  readonly fingerprint: string;
}

/** A node as the other nodes must know it. */
export interface NewNode extends NodeInfo {
  /** 16 bytes as lower-case hex: the store that this node's promises lie in. */
  readonly incarnation: string;
}

export interface SlotAssignment {
  readonly first: number;
  /** Included. */
  readonly last: number;
  readonly group: number;
}

export interface SlotTable {
  readonly epoch: number;
  readonly shardGroups: number;
  readonly assignments: readonly SlotAssignment[];
}

/** What a node must know to join: plain data, to be brought to it by whoever vouches for it. */
export interface ClusterView {
  readonly clusterId: string;
  readonly realm: string;
  readonly nodes: readonly NewNode[];
  readonly slotTable: SlotTable;
}

export interface JoinInvite {
  /** A secret: to be shown to an operator, and kept nowhere. */
  readonly token: string;
  /** Where the new machine will look for this node. */
  readonly address: string;
  readonly expiresAtMs: number;
}

export interface DepartureOptions {
  readonly timeoutMs?: number;
  /** 'agreed': resolves once the cluster has it as its aim, and goes on by itself; else when it has come to be. */
  readonly until?: 'agreed' | 'gone';
}

/**
 * Which nodes there are. Every call may be made on any node, and again after a failure: what is so already is no
 * error. Rejects with NodeError (a refusal that changed nothing) or ClusterError.
 */
export interface ClusterMembers {
  view(): Awaitable<ClusterView>;
  /** A token by which one new machine joins, through this node, within an hour; forgotten when the process ends. */
  invite(options?: { address?: string }): Awaitable<JoinInvite>;
  /** Lists a node: from then on all nodes speak with it, and every group takes it up by itself. */
  add(node: NewNode): Promise<void>;
  /** Resolves when no group has the node any more; its id and key never come back. */
  remove(nodeId: string, options?: DepartureOptions): Promise<void>;
  /** Both at once: the new node takes the place of the former as soon as it has what that had. */
  replace(former: string, node: NewNode, options?: DepartureOptions): Promise<void>;
}

export interface PeerState {
  readonly node: NodeInfo;
  readonly connected: boolean;
  /** Where it is not connected, and once that was tried. */
  readonly trouble?: PeerTrouble;
  /** It came back without what it had confirmed, and is not counted. */
  readonly isBehind: boolean;
  /** Incarnation (hex) and boot number last heard from it. */
  readonly incarnation?: string;
  readonly bootNumber?: number;
}

/** A follower, as the leader of the group sees it. */
export interface FollowerState {
  readonly node: string;
  /** Up to here its log is known to be the leader's. */
  readonly matchIndex: number;
  readonly state: 'probe' | 'replicate' | 'snapshot';
  /** It has answered within the last two election timeouts. */
  readonly isLive: boolean;
}

export interface GroupStatus extends GroupHistory {
  readonly group: number;
  readonly role: 'follower' | 'preCandidate' | 'candidate' | 'leader';
  readonly term: number;
  /** Node id of the leader, where one is known. */
  readonly leader?: string;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  /** Nothing happens in it: neither ticks nor heartbeats, until something does. */
  readonly isResting: boolean;
  /** Node ids, as the newest configuration in this node's log has them. */
  readonly members: {
    readonly voters: readonly string[];
    /** The voters before, while a change of voters is under way. */
    readonly outgoing: readonly string[];
    readonly learners: readonly string[];
  };
  /** Of the log as it is kept: what came before is compacted away. */
  readonly firstIndex: number;
  readonly lastIndex: number;
  /** Empty but on the leader. */
  readonly followers: readonly FollowerState[];
}

export interface ClusterStatus {
  readonly clusterId: string;
  readonly realm: string;
  readonly self: NodeInfo;
  /** host:port that the peer listener is bound to. */
  readonly listenAddress: string;
  readonly incarnation: string;
  readonly bootNumber: number;
  /** The longest that the event loop was late within the last 10 to 20 s. */
  readonly loopLagMs: number;
  /** Seconds off the other nodes' clocks: it does not lead. */
  readonly isClockOff: boolean;
  /** How long the disk takes to confirm what is written. */
  readonly syncs: SyncFigures;
  readonly groups: readonly GroupStatus[];
  /** Names of the nodes whose disk is nearly full: while there is one, nothing is changed. */
  readonly full: readonly string[];
  readonly peers: readonly PeerState[];
  /** What the peer port turned away since the start, by code. */
  readonly refusals: Readonly<Record<string, number>>;
}

export interface ClusterEvent {
  readonly group: number;
  readonly slot: Slot;
  readonly index: number;
  readonly event: Bytes;
}

/** What does not change as long as a node runs. */
export interface NodeIdentity {
  readonly clusterId: string;
  readonly realm: string;
  readonly nodeId: string;
  readonly name: string;
  readonly incarnation: string;
  readonly bootNumber: number;
}

/** Bytes between the applications of two nodes. Unreliable: lost when the peer is away. */
export interface NodeMessages {
  /** The other nodes of the cluster, as far as is known here. */
  peers(): readonly PeerState[];
  /** False when the peer is not connected or its queue is full (the message is dropped). */
  send(nodeId: string, message: Bytes): boolean;
  onMessage(listener: (nodeId: string, message: Bytes) => void): void;
  onPeerChange(listener: (peer: PeerState) => void): void;
  /** Nodes came, went, or are elsewhere. */
  onMembersChange(listener: () => void): void;
}

/**
 * Failures of a submit or a barrier. For a submit TIMEOUT means unknown, not failed: the command may
 * commit. After any other code it changed nothing, and will not.
 */
export type ClusterErrorCode =
  | 'CLUSTER_NO_LEADER'
  | 'CLUSTER_BUSY'
  | 'CLUSTER_TIMEOUT'
  | 'CLUSTER_SESSION_UNKNOWN'
  | 'CLUSTER_WRONG_SHARD'
  | 'CLUSTER_TOO_LARGE'
  | 'CLUSTER_READ_ONLY'
  | 'CLUSTER_STOPPED';

export class ClusterError extends Error {
  readonly code: ClusterErrorCode;
  constructor(code: ClusterErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ClusterError';
    this.code = code;
  }
}

export interface Submitted {
  readonly reply: Bytes;
  readonly index: number;
  readonly entryTimeMs: number;
}

/** One node's door to the cluster. */
export interface Cluster {
  readonly identity: NodeIdentity;
  /**
   * Commits a command in the slot's group, from whichever node: it is forwarded to the leader, again
   * where that one may have lost it, and takes effect once. Resolves once THIS node has applied the entry, so that its own
   * reads see it. Rejects with ClusterError.
   */
  submit(slot: Slot, command: Bytes, options?: { timeoutMs?: number }): Promise<Submitted>;
  /** After it resolves, local reads of the slot see everything committed before the call. */
  barrier(slot: Slot, options?: { timeoutMs?: number }): Promise<void>;
  /**
   * This node's applied state; needs no quorum. What it shows is committed by a majority's disks, though
   * its rows may still be on their way to this one's: a node that crashes may show an older state after
   * its restart, until ready(). Rejects with StoreDamagedError on a bad checksum.
   */
  get(slot: Slot, key: Bytes): Promise<Bytes | undefined>;
  /** A row of the group's own. */
  getOfGroup(group: number, key: Bytes): Promise<Bytes | undefined>;
  scan(slot: Slot, options: ScanOptions): Promise<readonly Row[]>;
  scanGroup(group: number, options: GroupScanOptions): Promise<readonly SlotRow[]>;
  readonly groups: readonly number[];
  groupOf(slot: Slot): number;
  isLeader(group: number): boolean;
  onEvent(listener: (event: ClusterEvent) => void): void;
  /**
   * Rows of the group changed without an event for each change: this node was so far behind that it was
   * sent the state itself. What was derived from them is to be read anew.
   */
  onReplaced(listener: (group: number) => void): void;
  onLeadership(listener: (group: number, leader: boolean) => void): void;
  readonly nodes: NodeMessages;
  readonly members: ClusterMembers;
  /**
   * All rows of all groups as they are at one moment, as the bytes of a backup: to be read to the end, or returned.
   * Rejects with ClusterError where a group has no leader, or people write without a pause.
   */
  backup(): Promise<AsyncGenerator<Bytes>>;
  status(): Awaitable<ClusterStatus>;
  /** Applied up to what was committed when the node started, and a leader is known for all groups. */
  ready(): Awaitable<boolean>;
  stop(): Promise<void>;
}
