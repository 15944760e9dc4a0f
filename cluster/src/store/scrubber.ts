// Reads all files of the store again and again, slowly: damage on a disk is found while the other nodes
// still have what it hit, and not only when somebody asks for it.

import { type After, type Cancel, type KeyValueStore, systemAfter } from '@rockpool/storage';

/** Between two files: a store of 1 GB is read through in about an hour and a half. */
const PAUSE_MS = 10_000;

export interface ScrubberOptions {
  readonly pauseMs?: number;
  readonly after?: After;
}

export class Scrubber {
  readonly #store: KeyValueStore;
  readonly #onDamage: (error: unknown) => void;
  readonly #pauseMs: number;
  readonly #after: After;
  #endPause: Cancel = () => {};
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(
    store: KeyValueStore,
    onDamage: (error: unknown) => void,
    { pauseMs = PAUSE_MS, after = systemAfter }: ScrubberOptions = {},
  ) {
    this.#store = store;
    this.#onDamage = onDamage;
    this.#pauseMs = pauseMs;
    this.#after = after;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** Resolves once it touches the store no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#endPause();
    await this.#running;
  }

  async #run(): Promise<void> {
    const pause = () => this.#pause();
    try {
      for (;;) {
        await pause();
        await this.#store.verify(pause);
      }
    } catch (error) {
      if (!this.#stopped) this.#onDamage(error);
    }
  }

  /** Rejects once it is stopped. */
  #pause(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const cancel = this.#after(this.#pauseMs, resolve);
    this.#endPause = () => {
      cancel();
      reject(new Error('the scrubber is stopped'));
    };
    if (this.#stopped) this.#endPause();
    return promise;
  }
}
