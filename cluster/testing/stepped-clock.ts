// Time that goes by one step when all that waits is handled, and not before: no test waits for the clock on
// the wall, and a busy machine does not look like a process that stood still.

import { setImmediate as turn } from 'node:timers/promises';
import type { Cancel } from '@rockpool/storage';
import type { Clock } from '../src/driver/clock.ts';

/** Turns of the event loop in each step: a message, its write and its answer fit. */
const TURNS = 6;

interface Timer {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly run: () => void;
}

export class SteppedClock implements Clock {
  readonly #stepMs: number;
  readonly #timers = new Set<Timer>();
  #elapsedMs = 0;
  #isRunning = false;

  constructor(stepMs: number) {
    this.#stepMs = stepMs;
  }

  nowMs(): number {
    return 1_000_000 + this.#elapsedMs;
  }

  monotonicMs(): number {
    return this.#elapsedMs;
  }

  readonly after = (delayMs: number, run: () => void): Cancel => this.#add(delayMs, undefined, run);

  every(intervalMs: number, run: () => void): Cancel {
    return this.#add(intervalMs, intervalMs, run);
  }

  soon(run: () => void): void {
    setImmediate(run);
  }

  /** Until stop(); after each step it calls back. */
  async run(stepped: () => void): Promise<void> {
    this.#isRunning = true;
    while (this.#isRunning) {
      for (let turns = 0; turns < TURNS; turns += 1) await turn();
      this.#elapsedMs += this.#stepMs;
      for (const timer of [...this.#timers]) {
        if (timer.dueMs > this.#elapsedMs || !this.#timers.has(timer)) continue;
        if (timer.everyMs === undefined) this.#timers.delete(timer);
        else timer.dueMs += timer.everyMs;
        timer.run();
      }
      stepped();
    }
  }

  stop(): void {
    this.#isRunning = false;
  }

  #add(delayMs: number, everyMs: number | undefined, run: () => void): Cancel {
    const timer = { dueMs: this.#elapsedMs + delayMs, everyMs, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}
