// What the cluster is asked for, and when: busy times and quiet ones in turn. In quiet times hardly anybody
// asks, and what then holds the cluster together is its timers.

import type { Clients } from './clients.ts';
import type { CoverageCounter } from './coverage.ts';
import type { EventQueue } from './event-queue.ts';
import type { SimProcess } from './process.ts';
import type { Random } from './random.ts';
import type { Readers } from './readers.ts';
import type { Swarm } from './swarm.ts';

/** Share of proposals that go to whoever leads; the others go anywhere. */
const TO_LEADER = 0.8;
/** Deposed leaders are where a read can go wrong. */
const READ_AT_LEADER = 0.5;
const BURST = 60;
/** How many times rarer in quiet times. */
const QUIET = 40;
const RUSH_MS = 600;

export interface TrafficParts {
  readonly swarm: Swarm;
  readonly queue: EventQueue;
  readonly random: Random;
  readonly coverage: CoverageCounter;
  readonly processes: readonly SimProcess[];
  /** All who believe to lead: what a deposed leader still takes makes logs differ. */
  readonly leading: () => readonly SimProcess[];
  readonly clients: Clients;
  readonly readers: Readers;
}

export class Traffic {
  readonly #parts: TrafficParts;
  /** Counts the times, busy and quiet; 0 once all is over. */
  #time = 1;

  constructor(parts: TrafficParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#next(true);
  }

  stop(): void {
    this.#time = 0;
  }

  /** What happens just now is worth being asked about. */
  rush(): void {
    if (this.#time === 0) return;
    this.#time += 1;
    this.#next(true, RUSH_MS);
  }

  #next(isBusy: boolean, meanMs?: number): void {
    const { swarm, queue, random, coverage, clients, readers } = this.#parts;
    const { busyMs, quietMs, everyMs, readEveryMs } = swarm.client;
    if (!isBusy) coverage.count('O9');
    const time = this.#time;
    const rarer = isBusy ? 1 : QUIET;
    this.#again(time, everyMs * rarer, TO_LEADER, (process) => clients.propose(process));
    // Whole bursts at one process, so that several reads are under way and some find no room.
    this.#again(time, readEveryMs * rarer, READ_AT_LEADER, (process) => readers.read(process));
    queue.after(random.exponential(meanMs ?? (isBusy ? busyMs : quietMs)), () => {
      if (this.#time !== time) return;
      this.#time += 1;
      this.#next(!isBusy);
    });
  }

  #again(time: number, everyMs: number, toLeader: number, ask: (at: SimProcess) => void): void {
    const { swarm, queue, random, processes, leading } = this.#parts;
    queue.after(random.exponential(everyMs), () => {
      if (this.#time !== time) return;
      const leaders = random.chance(toLeader) ? leading() : [];
      const process = random.pick(leaders.length > 0 ? leaders : processes);
      const times = random.chance(swarm.client.burst) ? BURST : 1;
      for (let asked = 0; asked < times; asked += 1) ask(process);
      this.#again(time, everyMs, toLeader, ask);
    });
  }
}
