// Time for tests: it stands still while anything real (crypto, stores, deliveries) is under way, and
// then jumps to the next timer. So tests neither sleep nor time out because a machine is slow.

import type { Clock } from '../src/ports.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

const IDLE_TURNS = 3;
const START_MS = 1_790_000_000_000;

export class VirtualTime implements Clock {
  #nowMs = START_MS;
  #order = 0;
  #busy = 0;
  readonly #timers = new Set<Timer>();

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Time stands still until this has settled. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#busy++;
    const done = () => {
      this.#busy--;
    };
    work.then(done, done);
    return work;
  }

  /** Runs later, in another turn of the event loop, before time goes on. */
  defer(run: () => void): void {
    void this.track(
      new Promise<void>((resolve) => {
        setImmediate(() => {
          run();
          resolve();
        });
      }),
    );
  }

  /** Lets things happen until the condition holds; throws after that much virtual time. */
  async until(what: string, condition: () => boolean, limitMs = 120_000): Promise<void> {
    const endMs = this.#nowMs + limitMs;
    while (!condition()) {
      await this.#settle();
      if (condition()) return;
      if (this.#nowMs >= endMs) throw new Error(`never happened: ${what}`);
      this.#next(endMs);
    }
  }

  /** Lets this much time pass, with everything that is due in it. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    while (this.#nowMs < endMs) {
      await this.#settle();
      this.#next(endMs);
    }
    await this.#settle();
  }

  async settled<T>(work: Promise<T>, limitMs = 120_000): Promise<T> {
    let done = false;
    const finish = () => {
      done = true;
    };
    work.then(finish, finish);
    await this.until('the promise settles', () => done, limitMs);
    return work;
  }

  async #settle(): Promise<void> {
    for (let idle = 0; idle < IDLE_TURNS; idle++) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#busy > 0) idle = -1;
    }
  }

  #next(endMs: number): void {
    let due: Timer | undefined;
    for (const timer of this.#timers) {
      const sooner =
        due === undefined ||
        timer.atMs < due.atMs ||
        (timer.atMs === due.atMs && timer.order < due.order);
      if (sooner) due = timer;
    }
    if (due === undefined || due.atMs > endMs) {
      this.#nowMs = endMs;
      return;
    }
    this.#nowMs = Math.max(this.#nowMs, due.atMs);
    this.#timers.delete(due);
    due.run();
  }
}
