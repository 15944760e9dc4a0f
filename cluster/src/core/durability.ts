// What of the term, the vote and the log has been handed to the disk, and what of it is durable.
// Several batches may be in flight. An acknowledgement counts only for entries that were not
// replaced since they were handed out (the ABA problem of asynchronous log writes).

import { assert } from './assert.ts';
import type { LogBase, NodeId } from './entry.ts';
import type { Log } from './log.ts';
import type { HardState, PersistBatch } from './types.ts';

interface InFlight {
  readonly batch: number;
  readonly term: number;
  readonly vote: NodeId | undefined;
  readonly index: number;
  readonly handedAtTick: number;
  /** How far the log is durable once this batch is; lowered when its entries are replaced. */
  durableTo: number;
}

export class Durability {
  #durableIndex: number;
  #durableTerm: number;
  #durableVote: NodeId | undefined;
  #handedIndex: number;
  #handed: HardState;
  #truncateFrom: number | undefined;
  #compactTo: LogBase | undefined;
  #snapshot: LogBase | undefined;
  #batches = 0;
  #inFlight: InFlight[] = [];

  constructor(hardState: HardState, lastIndex: number) {
    this.#durableIndex = lastIndex;
    this.#handedIndex = lastIndex;
    this.#durableTerm = hardState.term;
    this.#durableVote = hardState.vote;
    this.#handed = hardState;
  }

  get durableIndex(): number {
    return this.#durableIndex;
  }

  /** The newest batch that is not yet durable. */
  get newestInFlight(): number | undefined {
    return this.#inFlight.at(-1)?.batch;
  }

  isVoteDurable(term: number, vote: NodeId): boolean {
    return this.#durableTerm === term && this.#durableVote === vote;
  }

  /** How long the disk has been busy with the oldest batch. */
  stalledTicks(nowTick: number): number {
    const oldest = this.#inFlight[0];
    return oldest === undefined ? 0 : nowTick - oldest.handedAtTick;
  }

  truncatedFrom(index: number): void {
    if (index <= this.#handedIndex) {
      this.#truncateFrom = Math.min(index, this.#truncateFrom ?? index);
      this.#handedIndex = index - 1;
    }
    this.#durableIndex = Math.min(this.#durableIndex, index - 1);
    for (const batch of this.#inFlight) batch.durableTo = Math.min(batch.durableTo, index - 1);
  }

  compactedTo(base: LogBase): void {
    this.#compactTo = base;
  }

  /** The log was replaced as a whole: nothing of it is durable before the batch that says so. */
  replacedBy(snapshot: LogBase): void {
    this.#snapshot = snapshot;
    this.#truncateFrom = undefined;
    this.#compactTo = undefined;
    this.#handedIndex = snapshot.index;
    this.#durableIndex = 0;
    for (const batch of this.#inFlight) batch.durableTo = 0;
  }

  /**
   * The commit index alone is no reason to write: a restart learns it again from its leader, or from
   * the applied index.
   */
  nextBatch(hardState: HardState, log: Log, nowTick: number): PersistBatch | undefined {
    const { term, vote, commit } = hardState;
    const handed = this.#handed;
    const hasNewEntries = log.lastIndex > this.#handedIndex;
    const hasNewVote = term !== handed.term || vote !== handed.vote;
    const replaced = this.#snapshot ?? this.#compactTo ?? this.#truncateFrom;
    if (!hasNewEntries && !hasNewVote && replaced === undefined) return undefined;
    assert(term >= handed.term, 'the term never falls');
    assert(commit >= handed.commit, 'the commit index never falls');
    const index = log.lastIndex;
    const batch: PersistBatch = {
      batch: this.#batches + 1,
      hardState: hasNewVote || commit !== handed.commit ? hardState : undefined,
      snapshot: this.#snapshot,
      compactTo: this.#compactTo,
      truncateFrom: this.#truncateFrom,
      entries: hasNewEntries ? log.slice(this.#handedIndex + 1, index) : [],
      term,
      index,
    };
    this.#batches += 1;
    this.#handed = hardState;
    this.#handedIndex = index;
    this.#snapshot = undefined;
    this.#compactTo = undefined;
    this.#truncateFrom = undefined;
    const durability = {
      batch: batch.batch,
      term,
      vote,
      index,
      durableTo: index,
    };
    this.#inFlight.push({ ...durability, handedAtTick: nowTick });
    return batch;
  }

  persisted(done: { batch: number; term: number; index: number }): void {
    const at = this.#inFlight.findIndex((inFlight) => inFlight.batch === done.batch);
    const newest = this.#inFlight[at];
    assert(newest !== undefined, `batch ${done.batch} is in flight`);
    assert(
      newest.term === done.term && newest.index === done.index,
      'a batch comes back as it went',
    );
    // Its durableTo already accounts for truncations by the batches before it.
    this.#durableIndex = Math.max(this.#durableIndex, newest.durableTo);
    this.#durableTerm = newest.term;
    this.#durableVote = newest.vote;
    this.#inFlight.splice(0, at + 1);
  }
}
