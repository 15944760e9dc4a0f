// The durable half of a simulated process: what a synced, atomic batch leaves behind, and the
// batches a crash may take back.

import type { Entry } from '../../src/core/entry.ts';
import type { HardState, PersistBatch, RestoredLog } from '../../src/core/types.ts';

export class SimDisk {
  readonly #entries: Entry[] = [];
  #hardState: HardState | undefined;
  #appliedIndex = 0;
  #durableBatch = 0;
  #inFlight: PersistBatch[] = [];

  get hardState(): HardState | undefined {
    return this.#hardState;
  }

  get log(): RestoredLog {
    const previous = { index: 0, term: 0, checksum: 0 };
    return { previous, entries: [...this.#entries] };
  }

  get lastIndex(): number {
    return this.#entries.length;
  }

  get appliedIndex(): number {
    return this.#appliedIndex;
  }

  /** The newest durable batch of the present process. */
  get durableBatch(): number {
    return this.#durableBatch;
  }

  get batchesInFlight(): number {
    return this.#inFlight.length;
  }

  checksumAt(index: number): number | undefined {
    return this.#entries[index - 1]?.checksum;
  }

  write(batch: PersistBatch): void {
    this.#inFlight.push(batch);
  }

  /** The oldest batch in flight becomes durable. */
  completeOldest(): PersistBatch {
    const batch = this.#inFlight.shift();
    if (batch === undefined) throw new Error('nothing is in flight');
    if (batch.truncateFrom !== undefined) this.#entries.length = batch.truncateFrom - 1;
    for (const entry of batch.entries) {
      if (entry.index !== this.#entries.length + 1) throw new Error('a batch leaves a hole');
      this.#entries.push(entry);
    }
    if (batch.hardState !== undefined) this.#hardState = batch.hardState;
    this.#durableBatch = batch.batch;
    return batch;
  }

  /** Of the batches in flight the first `kept` reached the disk; says how many did not. */
  crash(kept: number): number {
    for (let batch = 0; batch < kept; batch += 1) this.completeOldest();
    const lost = this.#inFlight.length;
    this.#inFlight = [];
    this.#durableBatch = 0;
    return lost;
  }

  applied(index: number): void {
    this.#appliedIndex = index;
  }
}
