// What a log holds. Terms follow the Raft thesis (Ongaro, 2014).

/** A node's id: 16 bytes as lower-case hex. The core only compares it for equality. */
export type NodeId = string;

/** Who takes part in a group (thesis chapter 4). No node is named twice in one list. */
export interface Configuration {
  readonly voters: readonly NodeId[];
  /** The voters before; empty unless the configuration is joint. */
  readonly outgoing: readonly NodeId[];
  /** They receive the log. One that is outgoing too votes until the joint configuration is left. */
  readonly learners: readonly NodeId[];
}

/**
 * A noop is the empty entry a new leader appends (thesis 6.4), a configuration the one that changes who
 * takes part (thesis 4.1); the command of both is empty.
 */
export type EntryKind = 'noop' | 'command' | 'configuration';

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
  /** In force from this entry on, wherever it is in the log. Only, and always, in a configuration. */
  readonly configuration?: Configuration;
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
  /** Who takes part as of this entry; before the first one, whoever the group begins with. */
  readonly configuration: Configuration;
}

/** What a log goes on from when this entry is its last that is given up. */
export function baseAt(entry: Entry, configurationBefore: Configuration): LogBase {
  const { index, term, checksum, entryTimeMs } = entry;
  const configuration = entry.configuration ?? configurationBefore;
  return { index, term, checksum, entryTimeMs, configuration };
}
