// Threads that run one task each at a time.

import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Task } from './run-task.ts';
import type { SimulationResult } from './simulation.ts';

const SCRIPT = join(import.meta.dirname, 'worker.ts');
/** A run makes much that does not last: a small nursery would be swept the more often. */
const LIMITS = { maxYoungGenerationSizeMb: 64 };

export class WorkerPool {
  readonly #workers: readonly Worker[];
  readonly #idle: Worker[];
  readonly #waiting: ((worker: Worker) => void)[] = [];

  constructor(workers: number) {
    this.#workers = Array.from({ length: workers }, () => {
      return new Worker(SCRIPT, { resourceLimits: LIMITS });
    });
    this.#idle = [...this.#workers];
  }

  get size(): number {
    return this.#workers.length;
  }

  /** Resolves with the result once a thread was free for it. Rejects if the thread dies. */
  async run(task: Task): Promise<SimulationResult> {
    const worker = this.#idle.pop() ?? (await this.#nextIdle());
    try {
      return await new Promise((resolve, reject) => {
        worker.removeAllListeners();
        worker.once('message', resolve);
        worker.once('error', reject);
        worker.postMessage(task);
      });
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#idle.push(worker);
      else next(worker);
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #nextIdle(): Promise<Worker> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}
