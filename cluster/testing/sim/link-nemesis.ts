// Breaks links between processes, for a while each: who reaches whom, in which direction, and how steadily.

import type { NodeId } from '../../src/core/entry.ts';
import type { CoverageCounter } from './coverage.ts';
import type { SimNetwork } from './network.ts';
import type { SimProcess } from './process.ts';
import type { Random } from './random.ts';
import type { Strikes } from './strikes.ts';
import type { Kind, Swarm } from './swarm.ts';

/** A link that comes and goes is up and down for so long at most. */
const FLAP_MS_MAX = 400;

export interface LinkParts {
  readonly swarm: Swarm;
  readonly strikes: Strikes;
  readonly network: SimNetwork;
  readonly processes: readonly SimProcess[];
  readonly coverage: CoverageCounter;
}

export class LinkNemesis {
  readonly #parts: LinkParts;
  readonly #ids: readonly NodeId[];

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#ids = parts.processes.map(({ id }) => id);
  }

  start(): void {
    if (this.#ids.length < 2) return;
    const { swarm, strikes } = this.#parts;
    const every = (kind: Kind, strike: (lastsMs: number, random: Random) => void): void =>
      strikes.every(kind, swarm.kinds.get(kind), strike);
    every('partition', (lastsMs, random) => this.#split(lastsMs, false, random));
    every('oneWay', (lastsMs, random) => this.#split(lastsMs, true, random));
    every('bridge', (lastsMs, random) => this.#bridge(lastsMs, random));
    every('isolate', (lastsMs) => this.#isolate(lastsMs));
    every('flapping', (lastsMs, random) => this.#flap(lastsMs, random));
    every('clog', (lastsMs, random) => this.#clog(lastsMs, random));
    every('unreachable', (_, random) => this.#breakConnection(random));
  }

  /** Cuts one process off from some others. */
  cutOff(lone: NodeId, others: readonly NodeId[], lastsMs: number): void {
    for (const other of others) this.#cutBoth(lone, other);
    this.#healAfter(lastsMs);
  }

  /** A random cut in two, in both directions or in one. */
  #split(lastsMs: number, isOneWay: boolean, random: Random): void {
    const { network, coverage } = this.#parts;
    const size = random.between(1, this.#ids.length - 1);
    const side = new Set(random.shuffled(this.#ids).slice(0, size));
    for (const from of side) {
      for (const to of this.#ids) {
        if (side.has(to)) continue;
        network.cut(from, to);
        if (!isOneWay) network.cut(to, from);
      }
    }
    coverage.count(isOneWay ? 'N7' : 'N6');
    this.#healAfter(lastsMs);
  }

  /** Two halves that hear each other through one process only. */
  #bridge(lastsMs: number, random: Random): void {
    const [, ...others] = random.shuffled(this.#ids);
    const half = others.length >> 1;
    for (const from of others.slice(0, half)) {
      for (const to of others.slice(half)) this.#cutBoth(from, to);
    }
    this.#parts.coverage.count('N8');
    this.#healAfter(lastsMs);
  }

  #isolate(lastsMs: number): void {
    const leader = this.#parts.processes.find(({ raft }) => raft?.role === 'leader');
    if (leader === undefined) return;
    const others = this.#ids.filter((id) => id !== leader.id);
    this.cutOff(leader.id, others, lastsMs);
    this.#parts.coverage.count('N9');
  }

  #flap(lastsMs: number, random: Random): void {
    const { strikes, network, coverage } = this.#parts;
    const [from = '', to = ''] = random.shuffled(this.#ids);
    for (let atMs = 0; atMs < lastsMs; atMs += random.rate(20, FLAP_MS_MAX)) {
      strikes.later(atMs, () => this.#cutBoth(from, to));
      strikes.later(atMs + random.rate(10, FLAP_MS_MAX / 2), () => network.healLinks());
    }
    coverage.count('N10');
    this.#healAfter(lastsMs + FLAP_MS_MAX);
  }

  /** What is sent waits, and comes all at once. */
  #clog(lastsMs: number, random: Random): void {
    const { strikes, network } = this.#parts;
    const [from = '', to = ''] = random.shuffled(this.#ids);
    network.clog(from, to);
    strikes.later(lastsMs, () => network.healLinks());
  }

  #breakConnection(random: Random): void {
    const { processes, coverage } = this.#parts;
    const [from, to] = random.shuffled(processes);
    if (from === undefined || to === undefined) return;
    coverage.count('N13');
    from.unreachable(to.id);
  }

  #cutBoth(from: NodeId, to: NodeId): void {
    this.#parts.network.cut(from, to);
    this.#parts.network.cut(to, from);
  }

  #healAfter(lastsMs: number): void {
    const { strikes, network } = this.#parts;
    strikes.later(lastsMs, () => network.healLinks());
  }
}
