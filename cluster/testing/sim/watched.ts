// What the checkers look at, in whatever world it runs: cores and their disks.

import type { NodeId } from '../../src/core/entry.ts';
import type { HardState, Raft, RaftStatus } from '../../src/core/types.ts';
import type { SimState } from './disk.ts';

/** What is on the disk for certain. */
export interface WatchedDisk {
  readonly hardState: HardState | undefined;
  readonly appliedIndex: number;
  /** As an entry, or in what the state machine has taken up. */
  holds(index: number, checksum: number | undefined): boolean;
  /** Whether the log on the disk goes as far as this. */
  reaches(index: number): boolean;
}

/** A member of a group, in whatever world. */
export interface Watched {
  readonly id: NodeId;
  /** What its disk held at first. */
  readonly first: SimState;
  /** Counts starts: what was true in one life may be forgotten in the next. */
  readonly life: number;
  /** Undefined while it is down. */
  readonly raft: Raft | undefined;
  readonly status: RaftStatus | undefined;
  readonly disk: WatchedDisk;
}
