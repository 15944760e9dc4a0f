// What the outbox pump and the account sweep need of the cluster and of time, so that tests can be
// both. The cluster's own port fits structurally.

import type { Bytes, GroupReader, RowReader } from '../directory/ports.ts';

export interface OutboxCluster extends RowReader, GroupReader {
  submit(slot: number, command: Bytes): Promise<{ readonly reply: Bytes }>;
  barrier(slot: number): Promise<void>;
  readonly groups: readonly number[];
  isLeader(group: number): boolean;
  onEvent(listener: (event: { readonly group: number; readonly event: Bytes }) => void): void;
  onLeadership(listener: (group: number, leader: boolean) => void): void;
}

export interface Timers {
  /** Runs once after the delay unless the returned function is called before. */
  after(delayMs: number, run: () => void): () => void;
}
