// What a log holds. Terms follow the Raft thesis (Ongaro, 2014).

/** A node's id: 16 bytes as lower-case hex. The core only compares it for equality. */
export type NodeId = string;

/** A noop is the empty entry a new leader appends (thesis 6.4); its command is empty. */
export type EntryKind = 'noop' | 'command';

/** What an entry says, before the checksum that chains it to its predecessor. */
export interface EntryContent {
  readonly group: number;
  readonly index: number;
  readonly term: number;
  readonly kind: EntryKind;
  /** 0 in a noop. */
  readonly ruleVersion: number;
  /** Never below that of the entry before it. */
  readonly entryTimeMs: number;
  /** Epoch of the slot table that the proposer went by; 0 in a noop. */
  readonly tableEpoch: number;
  readonly command: Uint8Array;
}

/** A log entry. The checksum covers the content and the previous entry's checksum. */
export interface Entry extends EntryContent {
  readonly checksum: number;
}

export type ChainChecksum = (previousChecksum: number, content: EntryContent) => number;

/** The entry that a log goes on from, and does not hold itself; zeros before the first one. */
export interface LogBase {
  readonly index: number;
  readonly term: number;
  readonly checksum: number;
  readonly entryTimeMs: number;
}
