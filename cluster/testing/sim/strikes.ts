// What goes wrong, blow by blow. Each blow has a name of its own (its kind, and the how-manieth it is) and
// draws from a branch of its own, so that one can be left out without changing any other: that is what
// shrinking a failure takes.

import type { EventQueue } from './event-queue.ts';
import type { Random } from './random.ts';
import type { Disturbance } from './swarm.ts';

export interface Struck {
  readonly name: string;
  readonly atMs: number;
}

export interface LeftOut {
  /** Kinds that do not happen at all. */
  readonly kinds?: readonly string[];
  /** Single blows. */
  readonly blows?: readonly string[];
}

export class Strikes {
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #kinds: ReadonlySet<string>;
  readonly #blows: ReadonlySet<string>;
  readonly #counts = new Map<string, number>();
  readonly #struck: Struck[] = [];
  #isOver = false;

  constructor(queue: EventQueue, random: Random, { kinds = [], blows = [] }: LeftOut = {}) {
    this.#queue = queue;
    this.#random = random;
    this.#kinds = new Set(kinds);
    this.#blows = new Set(blows);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** In the order of time. */
  get struck(): readonly Struck[] {
    return this.#struck;
  }

  end(): void {
    this.#isOver = true;
  }

  /** Again and again, as often as the seed says. */
  every(
    kind: string,
    disturbance: Disturbance | undefined,
    strike: (lastsMs: number, random: Random) => void,
  ): void {
    if (disturbance === undefined) return;
    const times = this.#random.fork(`times of ${kind}`);
    const again = (): void => {
      this.#queue.after(times.exponential(disturbance.everyMs), () => {
        if (this.#isOver) return;
        this.once(kind, (random) => strike(random.exponential(disturbance.lastsMs), random));
        again();
      });
    };
    again();
  }

  /** One blow, unless it is left out. */
  once(kind: string, strike: (random: Random) => void): void {
    if (this.#isOver) return;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    const name = `${kind} ${count}`;
    if (this.#kinds.has(kind) || this.#blows.has(name)) return;
    this.#struck.push({ name, atMs: this.#queue.nowMs });
    strike(this.#random.fork(name));
  }

  /** Later, unless all is over by then. */
  later(delayMs: number, run: () => void): void {
    this.#queue.after(delayMs, () => {
      if (!this.#isOver) run();
    });
  }
}
