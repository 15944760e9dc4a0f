// Runs the simulation with a mutant in a thread of its own: one that never ends, or that brings its process down,
// is found as well as one that breaks a property.

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Task } from '../sim/run-task.ts';
import type { Mutant } from './mutant.ts';

const SCRIPT = join(import.meta.dirname, 'mutant-worker.ts');
/** Far above what any seed takes where every core is busy. */
const RUN_LIMIT_MS = 300_000;

/** What a thread says of a seed. */
export interface Verdict {
  readonly by: string | undefined;
}

export class MutantThread {
  readonly #worker: Worker;
  #end: (by: string | undefined) => void = () => {};
  #isSpent = false;

  constructor({ id }: Mutant) {
    this.#worker = new Worker(SCRIPT, { workerData: id });
    this.#worker.on('message', ({ by }: Verdict) => this.#end(by));
    this.#worker.on('error', (error) => {
      this.#isSpent = true;
      this.#end(error.message);
    });
  }

  /** After a crash or a run without an end it is of no more use. */
  get isSpent(): boolean {
    return this.#isSpent;
  }

  /** The property that is violated, if any. */
  async run(task: Task): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    this.#end = resolve;
    const timer = setTimeout(() => {
      this.#isSpent = true;
      resolve('a run without an end');
    }, RUN_LIMIT_MS);
    this.#worker.postMessage(task);
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
