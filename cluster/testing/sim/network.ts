// Messages between simulated processes: lost, late, doubled, out of order, replayed much later,
// damaged, held back, or cut off in one direction or both.

import type { NodeId } from '../../src/core/entry.ts';
import type { CoverageCounter } from './coverage.ts';
import type { EventQueue } from './event-queue.ts';
import { PastMessages } from './past-messages.ts';
import type { SimMessage } from './process.ts';
import type { Random } from './random.ts';
import type { Swarm } from './swarm.ts';

const SPIKE_MS = 5000;
const CALM_DELAY_MS = 10;
/** Of messages of the past that come to a node after its start: how many at most, and how soon. */
const PAST_AT_START_MAX = 12;
const PAST_AFTER_MS = 60;

export class SimNetwork {
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #coverage: CoverageCounter;
  readonly #deliver: (message: SimMessage) => void;
  readonly #cut = new Set<string>();
  /** What waits on links that stand still. */
  readonly #clogged = new Map<string, SimMessage[]>();
  readonly #lastArrivalMs = new Map<string, number>();
  readonly #past: PastMessages;
  readonly #isInStep: boolean;
  #faults: Swarm['network'];

  constructor(
    swarm: Swarm,
    queue: EventQueue,
    random: Random,
    coverage: CoverageCounter,
    deliver: (message: SimMessage) => void,
  ) {
    this.#isInStep = swarm.isInStep;
    this.#faults = swarm.network;
    this.#queue = queue;
    this.#random = random;
    this.#past = new PastMessages(random.fork('past'));
    this.#coverage = coverage;
    this.#deliver = deliver;
  }

  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(linkOf(from, to));
  }

  /** What arrives on it waits until links heal, and then comes all at once. */
  clog(from: NodeId, to: NodeId): void {
    const link = linkOf(from, to);
    if (!this.#clogged.has(link)) this.#clogged.set(link, []);
  }

  healLinks(): void {
    this.#cut.clear();
    const clogged = [...this.#clogged.values()];
    this.#clogged.clear();
    for (const held of clogged) {
      if (held.length > 1) this.#coverage.count('N11');
      for (const message of held) this.#queue.after(0, () => this.#deliver(message));
    }
  }

  /** From now on nothing goes wrong, and answers come well within a heartbeat's interval. */
  heal(): void {
    this.healLinks();
    const delayMeanMs = Math.min(this.#faults.delayMeanMs, CALM_DELAY_MS);
    const none = { drop: 0, delaySpike: 0, duplicate: 0, reorder: 0, replay: 0, corruptEntry: 0 };
    this.#faults = { delayMeanMs, ...none };
  }

  send(message: SimMessage): void {
    const { drop, duplicate, replay } = this.#faults;
    if (this.#cut.has(linkOf(message.from, message.to))) return;
    if (this.#happens(drop)) {
      this.#coverage.count('N1');
      return;
    }
    this.#arriveLater(this.#maybeDamaged(message));
    if (this.#happens(duplicate)) {
      this.#coverage.count('N4');
      this.#arriveLater(message);
    }
    if (replay === 0) return;
    this.#past.remember(message);
    if (this.#happens(replay)) {
      this.#coverage.count('N5');
      this.#arriveLater(this.#past.pick());
    }
  }

  /** A node that has started again is at work again: some of what it was sent before comes now, or once more. */
  restarted(node: NodeId): void {
    if (this.#faults.replay === 0) return;
    for (let times = this.#random.between(0, PAST_AT_START_MAX); times > 0; times -= 1) {
      const message = this.#past.pickFor(node);
      if (message === undefined) return;
      this.#coverage.count('N5');
      this.#queue.after(this.#random.exponential(PAST_AFTER_MS), () => this.#deliver(message));
    }
  }

  #arriveLater(message: SimMessage): void {
    const { delayMeanMs, delaySpike, reorder } = this.#faults;
    const link = linkOf(message.from, message.to);
    const nowMs = this.#queue.nowMs;
    const delayMs = this.#isInStep ? delayMeanMs : this.#random.exponential(delayMeanMs);
    let arrivalMs = nowMs + delayMs;
    if (this.#happens(delaySpike)) {
      this.#coverage.count('N2');
      arrivalMs += this.#random.rate(0, SPIKE_MS);
    } else if (this.#happens(reorder)) {
      if (arrivalMs < (this.#lastArrivalMs.get(link) ?? 0)) this.#coverage.count('N3');
    } else {
      arrivalMs = Math.max(arrivalMs, this.#lastArrivalMs.get(link) ?? 0);
      this.#lastArrivalMs.set(link, arrivalMs);
    }
    this.#queue.at(arrivalMs, () => {
      if (this.#cut.has(link)) return;
      const held = this.#clogged.get(link);
      if (held === undefined) this.#deliver(message);
      else held.push(message);
    });
  }

  /** Flips a bit of one entry's command: what the checksum chain is there to find. */
  #maybeDamaged(message: SimMessage): SimMessage {
    if (message.kind !== 'append' || !this.#happens(this.#faults.corruptEntry)) return message;
    const victim = message.entries.find((entry) => entry.command.length > 0);
    if (victim === undefined) return message;
    this.#coverage.count('N14');
    const command = victim.command.slice();
    const at = this.#random.between(0, command.length - 1);
    command[at] = (command[at] ?? 0) ^ (1 << this.#random.between(0, 7));
    const entries = message.entries.map((entry) =>
      entry === victim ? { ...entry, command } : entry,
    );
    return { ...message, entries };
  }

  /** Draws only for faults that exist in this run. */
  #happens(probability: number): boolean {
    return probability > 0 && this.#random.chance(probability);
  }
}

function linkOf(from: NodeId, to: NodeId): string {
  return `${from}>${to}`;
}
