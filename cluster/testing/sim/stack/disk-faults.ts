// What is wrong with a simulated machine's disk just now, and how long it takes. It outlives processes.

import type { CoverageCounter } from '../coverage.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Random } from '../random.ts';
import type { ProcessLoop } from './process-loop.ts';
import type { StackSwarm } from './stack-swarm.ts';

export class DiskFaults {
  readonly #swarm: StackSwarm['disk'];
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #coverage: CoverageCounter;
  #isHealed = false;
  #nextError: 'append' | 'sync' | undefined;
  #flipsRead = false;
  #hasStalled = false;
  #delayMs = 0;
  /** No write ends any more, until the process is started again. */
  isStalled = false;
  isFull = false;
  isReadOnly = false;
  opensFail = false;
  /** Told to a process of this life: a value was read with a flipped bit. */
  flippedReads = 0;

  constructor(
    swarm: StackSwarm['disk'],
    queue: EventQueue,
    random: Random,
    coverage: CoverageCounter,
  ) {
    this.#swarm = swarm;
    this.#queue = queue;
    this.#random = random;
    this.#coverage = coverage;
  }

  /** Whether a write was left without an end in this life. */
  get hasStalled(): boolean {
    return this.#hasStalled;
  }

  stall(): void {
    this.isStalled = true;
    this.#hasStalled = true;
  }

  /** The next write takes so much longer. */
  delayNext(ms: number): void {
    this.#delayMs = ms;
    this.#coverage.count('D10');
  }

  heal(): void {
    this.#isHealed = true;
    this.#delayMs = 0;
    this.#nextError = undefined;
    this.#flipsRead = false;
    this.isStalled = false;
    this.isFull = false;
    this.isReadOnly = false;
    this.opensFail = false;
  }

  /** A new process: what it asked for before is forgotten. */
  processStarted(): void {
    this.#hasStalled = false;
    this.isStalled = false;
    this.flippedReads = 0;
    this.#nextError = undefined;
    this.#flipsRead = false;
  }

  failNext(kind: 'append' | 'sync'): void {
    this.#nextError = kind;
  }

  flipNextRead(): void {
    this.#flipsRead = true;
  }

  takeReadFlip(): boolean {
    if (!this.#flipsRead) return false;
    this.#flipsRead = false;
    this.flippedReads += 1;
    this.#coverage.count('D5');
    return true;
  }

  writeMs(): number {
    const { meanMs, spike, spikeMs } = this.#swarm;
    const takesMs = this.#random.exponential(meanMs) + this.#delayMs;
    this.#delayMs = 0;
    if (this.#isHealed || spike === 0 || !this.#random.chance(spike)) return takesMs;
    this.#coverage.count('D10');
    return takesMs + this.#random.exponential(spikeMs);
  }

  /** Why the write that ends now has failed. */
  writeError(): Error | undefined {
    const failed = (key: 'D8' | 'D9' | 'D12' | 'O12', message: string): Error => {
      this.#coverage.count(key);
      return new Error(message);
    };
    if (this.isReadOnly) return failed('D12', 'EROFS');
    if (this.isFull) return failed('O12', 'ENOSPC');
    const kind = this.#nextError;
    this.#nextError = undefined;
    if (kind === 'append') return failed('D9', 'EIO: short write');
    return kind === 'sync' ? failed('D8', 'EIO: fsync') : undefined;
  }

  readDelay(loop: ProcessLoop): Promise<void> {
    const { readMs } = this.#swarm;
    if (readMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#queue.after(this.#random.exponential(readMs), () => loop.enter(resolve));
    });
  }
}
