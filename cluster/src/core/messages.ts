// What the members of a group say to each other.

import type { Entry, LogBase, NodeId } from './entry.ts';

interface Envelope {
  readonly group: number;
  readonly from: NodeId;
  readonly to: NodeId;
  /** The sender's term, except in a pre-vote request and its grant: there the term campaigned for. */
  readonly term: number;
}

/** Asks whether a campaign in `term` could succeed; changes nobody's term or vote (thesis 9.6). */
export interface PreVoteRequest extends Envelope {
  readonly kind: 'preVoteRequest';
  readonly lastIndex: number;
  readonly lastTerm: number;
}

export interface PreVoteReply extends Envelope {
  readonly kind: 'preVoteReply';
  readonly granted: boolean;
}

export interface VoteRequest extends Envelope {
  readonly kind: 'voteRequest';
  /** The leader itself wants it so: whoever hears that leader may answer all the same. */
  readonly isTransfer: boolean;
  readonly lastIndex: number;
  readonly lastTerm: number;
}

export interface VoteReply extends Envelope {
  readonly kind: 'voteReply';
  readonly granted: boolean;
}

/** Campaign at once: your log is as long as mine, and I want you to lead (thesis 3.10). */
export interface TimeoutNow extends Envelope {
  readonly kind: 'timeoutNow';
}

/** Replicates entries; without entries it is a probe, or carries a newer commit index. */
export interface Append extends Envelope {
  readonly kind: 'append';
  readonly previousIndex: number;
  readonly previousTerm: number;
  readonly commit: number;
  readonly entries: readonly Entry[];
}

/** The log agrees with the leader's, durably, up to matchIndex. */
export interface AppendAccepted extends Envelope {
  readonly kind: 'appendAccepted';
  readonly matchIndex: number;
}

/**
 * The entry at rejectedIndex (the append's previousIndex) is missing or of another term. The hint is
 * the last place of this log that can still agree. Also the answer to a leader of a lower term, which
 * learns from the envelope's term that it leads no more.
 */
export interface AppendRejected extends Envelope {
  readonly kind: 'appendRejected';
  readonly rejectedIndex: number;
  readonly hintIndex: number;
  readonly hintTerm: number;
}

/**
 * Keeps followers from campaigning. (term, round) never repeats, since a node leads a term at most
 * once: so a reply proves that the leader still led when it sent exactly that round.
 */
export interface Heartbeat extends Envelope {
  readonly kind: 'heartbeat';
  /** Never beyond what the receiver is known to have. */
  readonly commit: number;
  readonly round: number;
}

export interface HeartbeatReply extends Envelope {
  readonly kind: 'heartbeatReply';
  readonly round: number;
}

/**
 * The state machine as it was after the entry at the base has arrived here in full, and can be put in
 * the place of the one that this node has. Its content travels beside the core.
 */
export interface Snapshot extends Envelope {
  readonly kind: 'snapshot';
  readonly base: LogBase;
}

/**
 * Asks the leader for an index that is good to read at (ReadIndex, thesis 6.4). Boot and read name one
 * request of one process for good: no answer to another one is ever taken for this one's.
 */
export interface ReadRequest extends Envelope {
  readonly kind: 'readRequest';
  readonly boot: number;
  readonly read: number;
}

/** Confirmed: the sender led after the request had come, and index was its commit index then. */
export interface ReadReply extends Envelope {
  readonly kind: 'readReply';
  readonly boot: number;
  readonly read: number;
  readonly confirmed: boolean;
  readonly index: number;
}

/** What travels between nodes as it is. */
export type PeerMessage =
  | PreVoteRequest
  | PreVoteReply
  | VoteRequest
  | VoteReply
  | Append
  | AppendAccepted
  | AppendRejected
  | Heartbeat
  | HeartbeatReply
  | TimeoutNow
  | ReadRequest
  | ReadReply;

export type Message = PeerMessage | Snapshot;

/** What only the leader of a term sends in it. */
export type LeaderMessage = Append | Heartbeat | Snapshot | TimeoutNow;
