// Clients that propose unique values and remember what they were told. A write is acknowledged when
// the process that took it applies its own entry (same index, same term).

import type { Entry } from '../../src/core/entry.ts';
import type { Checker } from './checker.ts';
import type { CoverageCounter } from './coverage.ts';
import type { SimProcess } from './process.ts';
import type { Random } from './random.ts';
import type { Swarm } from './swarm.ts';
import { check } from './violation.ts';

interface Pending {
  readonly process: SimProcess;
  readonly life: number;
  readonly term: number;
  readonly value: number;
}

const VALUE_BYTES = 4;
const REFUSALS = {
  BUSY: 'raft.busy',
  NOT_LEADER: 'raft.notLeader',
  TRANSFERRING: 'raft.transferring',
} as const;

export class Clients {
  readonly #swarm: Swarm;
  readonly #random: Random;
  readonly #coverage: CoverageCounter;
  readonly #pending = new Map<number, Pending[]>();
  readonly #acknowledged = new Map<number, number>();
  #values = 0;

  constructor(swarm: Swarm, random: Random, coverage: CoverageCounter) {
    this.#swarm = swarm;
    this.#random = random;
    this.#coverage = coverage;
  }

  get acknowledgedCount(): number {
    return this.#acknowledged.size;
  }

  /** The value that was proposed, or undefined if the process did not take it. */
  propose(process: SimProcess): number | undefined {
    const value = this.#values + 1;
    const command = new Uint8Array(this.#random.between(VALUE_BYTES, this.#swarm.client.bytesMax));
    new DataView(command.buffer).setUint32(0, value);
    const { life } = process;
    const result = process.propose({ command, ruleVersion: 1, tableEpoch: 1 });
    if (result === undefined) return undefined;
    if (!result.ok) {
      this.#coverage.count(REFUSALS[result.code]);
      return undefined;
    }
    this.#values = value;
    const waiting = this.#pending.get(result.index) ?? [];
    waiting.push({ process, life, term: result.term, value });
    this.#pending.set(result.index, waiting);
    return value;
  }

  applied(process: SimProcess, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const waiting = this.#pending.get(entry.index) ?? [];
      const others = waiting.filter((pending) => pending.process !== process);
      this.#pending.set(entry.index, others);
      const own = waiting.find(
        (pending) =>
          pending.process === process &&
          pending.life === process.life &&
          pending.term === entry.term,
      );
      if (own === undefined) continue;
      const isOwn = clientValueOf(entry) === own.value;
      check(isOwn, 'acknowledgedWrite', () => `${entry.index} carries another value`);
      this.#acknowledged.set(own.value, entry.index);
      this.#coverage.count('client.acknowledged');
    }
  }

  /** Every acknowledged value is in the history, once, where it was acknowledged. */
  checkHistory(checker: Checker): void {
    const seen = new Map<number, number>();
    for (let index = 1; index <= checker.committedIndex; index += 1) {
      const entry = checker.committedAt(index);
      const value = entry === undefined ? undefined : clientValueOf(entry);
      if (value === undefined) continue;
      check(!seen.has(value), 'acknowledgedWrite', () => `value ${value} is there twice`);
      seen.set(value, index);
    }
    for (const [value, index] of this.#acknowledged) {
      const isThere = seen.get(value) === index;
      check(isThere, 'acknowledgedWrite', () => `acknowledged value ${value} is lost`);
    }
  }
}

function clientValueOf(entry: Entry): number | undefined {
  if (entry.kind !== 'command') return undefined;
  const { command } = entry;
  return new DataView(command.buffer, command.byteOffset).getUint32(0);
}
