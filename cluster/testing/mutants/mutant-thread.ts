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

  constructor({ id }: Mutant) {
    this.#worker = new Worker(SCRIPT, { workerData: id });
  }

  /** The property that is violated, if any. After a crash or a run without an end this thread is of no more use. */
  run(task: Task): Promise<string | undefined> {
    const worker = this.#worker;
    return new Promise((resolve) => {
      const timer = setTimeout(() => end('a run without an end'), RUN_LIMIT_MS);
      const end = (by: string | undefined): void => {
        clearTimeout(timer);
        worker.removeAllListeners();
        resolve(by);
      };
      worker.once('message', ({ by }: Verdict) => end(by));
      worker.once('error', (error) => end(error.message));
      worker.postMessage(task);
    });
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
  }
}
