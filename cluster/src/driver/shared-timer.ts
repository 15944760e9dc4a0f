// One timer of the machine for all whose time may run out. Nearly all of them end long before it does, and a timer
// of its own, set and cleared, cost each more than its way through the core.

import type { After, Cancel } from '@rockpool/storage';
import type { Clock } from './clock.ts';

interface Waiting {
  readonly dueMs: number;
  readonly run: () => void;
}

export class SharedTimer {
  readonly #clock: Pick<Clock, 'after' | 'monotonicMs'>;
  readonly #waiting = new Set<Waiting>();
  #cancel: Cancel | undefined;
  /** When the machine's timer fires: never after the first of those who wait is due. */
  #firesMs = Number.POSITIVE_INFINITY;

  constructor(clock: Pick<Clock, 'after' | 'monotonicMs'>) {
    this.#clock = clock;
  }

  readonly after: After = (delayMs, run) => {
    const dueMs = this.#clock.monotonicMs() + delayMs;
    const waiting = { dueMs, run };
    this.#waiting.add(waiting);
    if (dueMs < this.#firesMs) this.#set(dueMs, delayMs);
    // The machine's timer stays: whoever comes next is due after it.
    return () => this.#waiting.delete(waiting);
  };

  /** Nobody's time runs out any more. */
  stop(): void {
    this.#waiting.clear();
    this.#cancel?.();
  }

  #set(firesMs: number, delayMs: number): void {
    this.#cancel?.();
    this.#firesMs = firesMs;
    this.#cancel = this.#clock.after(delayMs, () => this.#fired());
  }

  #fired(): void {
    const nowMs = this.#clock.monotonicMs();
    const due: Waiting[] = [];
    let nextMs = Number.POSITIVE_INFINITY;
    for (const waiting of this.#waiting) {
      if (waiting.dueMs <= nowMs) due.push(waiting);
      else nextMs = Math.min(nextMs, waiting.dueMs);
    }
    this.#firesMs = Number.POSITIVE_INFINITY;
    if (nextMs < this.#firesMs) this.#set(nextMs, Math.ceil(nextMs - nowMs));
    due.sort((a, b) => a.dueMs - b.dueMs);
    // What runs may cancel others that are due.
    for (const waiting of due) if (this.#waiting.delete(waiting)) waiting.run();
  }
}
