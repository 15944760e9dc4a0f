// The durable half of a simulated process: what a synced, atomic batch leaves behind, and the batches a
// crash may take back. Its state machine is a number that every applied entry is folded into.

import { baseAt, type Entry, type LogBase, type NodeId } from '../../src/core/entry.ts';
import type { HardState, PersistBatch, RestoredLog } from '../../src/core/types.ts';

const PRIME = 0x01000193;

/** A state machine, and the entry it was made by last. */
export interface SimState {
  readonly base: LogBase;
  readonly value: number;
}

/** A group begins with these voters. */
export function firstState(voters: readonly NodeId[]): SimState {
  const configuration = { voters, outgoing: [], learners: [] };
  const base = { index: 0, term: 0, checksum: 0, entryTimeMs: 0, configuration };
  return { base, value: 0x811c9dc5 };
}

/** Equal logs give equal states, and another order or another entry another one. */
export function foldEntry({ base, value }: SimState, entry: Entry): SimState {
  const folded = Math.imul(value ^ entry.checksum, PRIME) ^ entry.index;
  return { base: baseAt(entry, base.configuration), value: folded >>> 0 };
}

interface SimBatch {
  readonly persist: PersistBatch;
  /** With a snapshot: the state machine that was received. */
  readonly received: SimState | undefined;
}

export class SimDisk {
  #base: LogBase;
  #entries: Entry[] = [];
  #hardState: HardState | undefined;
  #state: SimState;
  #durableBatch = 0;
  #inFlight: SimBatch[] = [];

  constructor(first: SimState) {
    this.#base = first.base;
    this.#state = first;
  }

  get hardState(): HardState | undefined {
    return this.#hardState;
  }

  get log(): RestoredLog {
    return { base: this.#base, entries: [...this.#entries] };
  }

  get lastIndex(): number {
    return this.#base.index + this.#entries.length;
  }

  get state(): SimState {
    return this.#state;
  }

  get appliedIndex(): number {
    return this.#state.base.index;
  }

  /** The newest durable batch of the present process. */
  get durableBatch(): number {
    return this.#durableBatch;
  }

  get batchesInFlight(): number {
    return this.#inFlight.length;
  }

  /** As an entry, or in what the state machine has taken up. */
  holds(index: number, checksum: number | undefined): boolean {
    if (index < this.#base.index) return true;
    const own =
      index === this.#base.index ? this.#base : this.#entries[index - this.#base.index - 1];
    return own !== undefined && own.checksum === checksum;
  }

  reaches(index: number): boolean {
    return this.lastIndex >= index;
  }

  write(persist: PersistBatch, received: SimState | undefined): void {
    this.#inFlight.push({ persist, received });
  }

  /** The oldest batch in flight becomes durable. */
  completeOldest(): PersistBatch {
    const oldest = this.#inFlight.shift();
    if (oldest === undefined) throw new Error('nothing is in flight');
    const { persist, received } = oldest;
    const { snapshot, compactTo, truncateFrom, hardState } = persist;
    if (snapshot !== undefined) {
      if (received?.base.index !== snapshot.index) throw new Error('a snapshot was not received');
      this.#state = received;
      this.#base = snapshot;
      this.#entries = [];
    }
    if (compactTo !== undefined) {
      if (compactTo.index > this.appliedIndex) throw new Error('what is cut off is not applied');
      this.#entries.splice(0, compactTo.index - this.#base.index);
      this.#base = compactTo;
    }
    if (truncateFrom !== undefined) this.#entries.splice(truncateFrom - 1 - this.#base.index);
    for (const entry of persist.entries) {
      if (entry.index !== this.lastIndex + 1) throw new Error('a batch leaves a hole');
      this.#entries.push(entry);
    }
    if (hardState !== undefined) this.#hardState = hardState;
    this.#durableBatch = persist.batch;
    return persist;
  }

  /** Of the batches in flight the first `kept` reached the disk; says how many did not. */
  crash(kept: number): number {
    for (let batch = 0; batch < kept; batch += 1) this.completeOldest();
    const lost = this.#inFlight.length;
    this.#inFlight = [];
    this.#durableBatch = 0;
    return lost;
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) this.#state = foldEntry(this.#state, entry);
  }
}
