// Reads all files of the store again and again, slowly: damage on a disk is found while the other nodes
// still have what it hit, and not only when somebody asks for it.

import { setTimeout } from 'node:timers/promises';
import type { KeyValueStore } from '@rockpool/storage';

/** Between two files: a store of 1 GB is read through in about an hour and a half. */
const PAUSE_MS = 10_000;

export class Scrubber {
  readonly #store: KeyValueStore;
  readonly #onDamage: (error: unknown) => void;
  readonly #pauseMs: number;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(store: KeyValueStore, onDamage: (error: unknown) => void, pauseMs = PAUSE_MS) {
    this.#store = store;
    this.#onDamage = onDamage;
    this.#pauseMs = pauseMs;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves once it touches the store no more. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    const pause = () => setTimeout(this.#pauseMs, undefined, { signal, ref: false });
    try {
      for (;;) {
        await pause();
        await this.#store.verify(pause);
      }
    } catch (error) {
      if (!signal.aborted) this.#onDamage(error);
    }
  }
}
