// One writer for the whole process, with group commit: while one synced batch is in flight everything
// else accumulates into the next. Each batch carries its number ([STO-4]), so that a batch which
// LevelDB dropped from the middle of its log is missed at the next start. LevelDB does not latch a
// failed append, so this writer does: after any error it writes nothing more.

import { batchKey, encodeBatchNumber } from './batch-numbers.ts';
import type { KeyValueStore, WriteOperation } from './key-value-store.ts';
import type { FailWith } from './store-failure.ts';
import { encodeStoredValue } from './stored-value.ts';
import { SyncTimes } from './sync-times.ts';
import { type After, type Cancel, systemAfter } from './timer.ts';

export interface Operation {
  readonly key: Uint8Array;
  /** null deletes. */
  readonly payload: Uint8Array | null;
}

/** Urgent: somebody waits for the disk. Lazy: can be recomputed, and waits for company. */
export type Urgency = 'urgent' | 'lazy';

export interface BatchWriterOptions<E extends Error> {
  readonly lastBatch: number;
  /** How long lazy operations wait for an urgent batch to join. */
  readonly lazyMs: number;
  readonly after?: After;
  readonly failWith: FailWith<E>;
  readonly onPoison: (error: E) => void;
  /** The number of a batch that is durable; the batch counts as written once this resolves. */
  readonly note?: (batch: number) => Promise<void>;
  /** What is worth writing along with a batch, and not worth a batch of its own. */
  readonly company?: () => readonly Operation[];
}

/** Staged and not yet durable; more makes room() wait. */
const PENDING_BYTES_MAX = 16_777_216;

interface Batch {
  operations: WriteOperation[];
  readonly durable: (() => void)[];
  bytes: number;
}

export class BatchWriter<E extends Error> {
  readonly times = new SyncTimes(() => performance.now());
  readonly #store: KeyValueStore;
  readonly #options: BatchWriterOptions<E>;
  #lastBatch: number;
  #durableBatch: number;
  #pending: Batch = emptyBatch();
  #urgent = false;
  #flushing: Promise<void> | undefined;
  #scheduled = false;
  #cancelTimer: Cancel | undefined;
  #poison: E | undefined;
  #waiting: (() => void)[] = [];

  constructor(store: KeyValueStore, options: BatchWriterOptions<E>) {
    this.#store = store;
    this.#options = options;
    this.#lastBatch = options.lastBatch;
    this.#durableBatch = options.lastBatch;
  }

  get durableBatch(): number {
    return this.#durableBatch;
  }

  /** Operations become durable in the order in which they were staged. */
  stage(operations: readonly Operation[], urgency: Urgency, durable?: () => void): void {
    if (this.#poison !== undefined) return;
    for (const operation of operations) {
      const stored = toStored(operation);
      this.#pending.operations.push(stored);
      this.#pending.bytes += stored.key.length + (stored.value?.length ?? 0);
    }
    if (durable !== undefined) this.#pending.durable.push(durable);
    if (urgency === 'urgent') this.#urgent = true;
    this.#schedule();
  }

  /** Resolves when there is room for more. */
  async room(): Promise<void> {
    while (this.#pending.bytes > PENDING_BYTES_MAX && this.#poison === undefined) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Writes what is staged and waits for it. Rejects if the writer was poisoned. */
  async settle(): Promise<void> {
    while (this.#flushing !== undefined || this.#pending.operations.length > 0) {
      if (this.#poison !== undefined) break;
      if (this.#flushing === undefined) this.#flush();
      await this.#flushing;
    }
    if (this.#poison !== undefined) throw this.#poison;
  }

  #schedule(): void {
    if (this.#flushing !== undefined || this.#scheduled) return;
    if (this.#urgent) {
      // At the end of this turn, so that the groups of one turn share the batch.
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#flush();
      });
    } else {
      const { after = systemAfter, lazyMs } = this.#options;
      this.#cancelTimer ??= after(lazyMs, () => this.#flush());
    }
  }

  #flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#flushing !== undefined || this.#poison !== undefined) return;
    if (this.#pending.operations.length === 0 && this.#pending.durable.length === 0) return;
    const batch = this.#pending;
    this.#pending = emptyBatch();
    this.#urgent = false;
    this.#flushing = this.#write(batch);
  }

  async #write(batch: Batch): Promise<void> {
    this.#lastBatch += 1;
    const number = encodeBatchNumber(this.#lastBatch);
    batch.operations.push({ key: batchKey(this.#lastBatch), value: number });
    for (const operation of this.#options.company?.() ?? []) {
      batch.operations.push(toStored(operation));
    }
    this.times.begin();
    try {
      await this.#store.write(batch.operations);
      this.times.end();
      await this.#options.note?.(this.#lastBatch);
    } catch (error) {
      this.#flushing = undefined;
      const poison = this.#options.failWith('STORE_WRITE_FAILED', `Batch ${this.#lastBatch}.`, {
        cause: error,
      });
      this.#poison = poison;
      this.#release();
      this.#options.onPoison(poison);
      return;
    }
    this.#flushing = undefined;
    this.#durableBatch = this.#lastBatch;
    // Callbacks may stage more; it must queue behind what is pending already.
    for (const durable of batch.durable) durable();
    this.#release();
    if (this.#pending.operations.length > 0 || this.#pending.durable.length > 0) this.#schedule();
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function toStored({ key, payload }: Operation): WriteOperation {
  return { key, value: payload === null ? null : encodeStoredValue(key, payload) };
}

function emptyBatch(): Batch {
  return { operations: [], durable: [], bytes: 0 };
}
