// The event loop of one life of a simulated process. Whatever comes in (a timer, a frame, the end of a
// write) comes in here, one at a time, late if the process is paused, and never after its death.

import type { Cancel } from '@rockpool/storage';
import type { Clock } from '../../../src/driver/clock.ts';
import type { EventQueue } from '../event-queue.ts';

/** What a paused process finds waiting at most; the kernel keeps no more. */
const BACKLOG_MAX = 5_000;
/** Some day in 2025, so that no clock of the simulation comes near zero. */
const EPOCH_MS = 1_750_000_000_000;

/** The clock chip of a machine: it outlives processes. */
export class ClockChip {
  readonly #queue: EventQueue;
  /** How fast it runs; timers follow it. */
  readonly #drift: number;
  offsetMs = 0;
  #frozenMs: number | undefined;
  #healed: { readonly atMs: number; readonly monotonicMs: number } | undefined;

  constructor(queue: EventQueue, drift: number) {
    this.#queue = queue;
    this.#drift = drift;
  }

  get rate(): number {
    return this.#healed === undefined ? this.#drift : 1;
  }

  get monotonicMs(): number {
    const { nowMs } = this.#queue;
    const healed = this.#healed;
    return healed === undefined ? nowMs * this.#drift : healed.monotonicMs + nowMs - healed.atMs;
  }

  /** From now on it runs as it should, and shows the right time. */
  heal(): void {
    const { monotonicMs } = this;
    this.#frozenMs = undefined;
    this.#healed = { atMs: this.#queue.nowMs, monotonicMs };
    this.offsetMs = this.#queue.nowMs - monotonicMs;
  }

  get nowMs(): number {
    return this.#frozenMs ?? Math.floor(EPOCH_MS + this.monotonicMs + this.offsetMs);
  }

  /** Time of day stands still; timers go on. */
  freeze(): void {
    this.#frozenMs = this.nowMs;
  }

  thaw(): void {
    this.#frozenMs = undefined;
  }
}

export class ProcessLoop implements Clock {
  readonly #queue: EventQueue;
  readonly #chip: ClockChip;
  /** How long a turn of the loop takes before its end. */
  readonly #turnMs: () => number;
  readonly #afterEvent: () => void;
  readonly #intervals = new Set<() => void>();
  readonly #backlog: (() => void)[] = [];
  #isAlive = true;
  #isPaused = false;

  constructor(
    queue: EventQueue,
    chip: ClockChip,
    { turnMs, afterEvent }: { readonly turnMs: () => number; readonly afterEvent: () => void },
  ) {
    this.#queue = queue;
    this.#chip = chip;
    this.#turnMs = turnMs;
    this.#afterEvent = afterEvent;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** From outside: runs now, or once the process goes on and has done what waited before, or never. */
  enter(run: () => void): void {
    if (!this.#isAlive) return;
    if (!this.#isPaused && this.#backlog.length === 0) this.#run(run);
    else if (this.#backlog.length < BACKLOG_MAX) this.#backlog.push(run);
  }

  pause(): void {
    this.#isPaused = true;
  }

  /** What was due meanwhile comes at once, one after the other. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#workOff();
  }

  end(): void {
    this.#isAlive = false;
    this.#backlog.length = 0;
    this.#intervals.clear();
  }

  /** Every interval fires several times in a row, as after a machine was suspended. */
  burst(times: number): void {
    for (const run of this.#intervals) {
      for (let time = 0; time < times; time += 1) this.#queue.after(0, () => this.enter(run));
    }
  }

  nowMs(): number {
    return this.#chip.nowMs;
  }

  monotonicMs(): number {
    return this.#chip.monotonicMs;
  }

  readonly after = (delayMs: number, run: () => void): Cancel => {
    let isOver = false;
    this.#later(delayMs, () => {
      if (isOver) return;
      isOver = true;
      run();
    });
    return () => {
      isOver = true;
    };
  };

  every(intervalMs: number, run: () => void): Cancel {
    this.#intervals.add(run);
    const again = (): void => {
      if (!this.#intervals.has(run)) return;
      this.#later(intervalMs, again);
      run();
    };
    this.#later(intervalMs, again);
    return () => this.#intervals.delete(run);
  }

  soon(run: () => void): void {
    this.#queue.after(this.#turnMs(), () => this.enter(run));
  }

  #run(run: () => void): void {
    run();
    this.#afterEvent();
  }

  /** Each on its own: the simulation looks at the process in between. */
  #workOff(): void {
    this.#queue.after(0, () => {
      if (!this.#isAlive || this.#isPaused) return;
      const [run] = this.#backlog;
      if (run === undefined) return;
      this.#run(run);
      this.#backlog.shift();
      this.#workOff();
    });
  }

  #later(delayMs: number, run: () => void): void {
    if (this.#isAlive) this.#queue.after(delayMs / this.#chip.rate, () => this.enter(run));
  }
}
