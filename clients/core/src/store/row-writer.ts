// Group commit for the engine's rows: while one batch is on its way to the disk, everything else
// that wants to be written gathers in the next one.

import type { Bytes } from '@rockpool/protocol';
import type { StorePort } from '../ports.ts';

export class RowWriter {
  readonly #store: StorePort;
  #gathering = new Map<string, Bytes | undefined>();
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(store: StorePort) {
    this.#store = store;
  }

  /** Resolves once this row is durable; rejects when the store refuses the batch. */
  put(key: string, value: Bytes | undefined): Promise<void> {
    this.#gathering.set(key, value);
    this.#next ??= this.#afterRunning();
    return this.#next;
  }

  /** Everything put so far is durable. */
  async settled(): Promise<void> {
    await (this.#next ?? this.#running);
  }

  async #afterRunning(): Promise<void> {
    // A batch that failed has told its own callers; the next one tries for itself.
    await this.#running?.catch(() => {});
    const rows = [...this.#gathering];
    this.#gathering = new Map();
    this.#next = undefined;
    this.#running = this.#store.write(rows);
    await this.#running;
  }
}
