// How much may happen in one history. Messages have no bound: each may be lost, late, doubled and out of order as
// often as there are ways to.

import type { Input } from './member.ts';
import type { Hashes, Names } from './names.ts';

export interface Bounds {
  /** Election timeouts that pass without word from a leader, and words of a leader to campaign at once. */
  readonly campaigns: number;
  readonly heartbeats: number;
  readonly quorumChecks: number;
  readonly proposals: number;
  readonly crashes: number;
  readonly transfers: number;
  /** Changes of who takes part. */
  readonly changes: number;
  /** Batches that a node's disk may be writing while the node goes on. */
  readonly writing: number;
}

type Bounded = Exclude<keyof Bounds, 'writing'>;

const ORDER: readonly Bounded[] = [
  'campaigns',
  'heartbeats',
  'quorumChecks',
  'proposals',
  'crashes',
  'transfers',
  'changes',
];

const SPENDS: Readonly<Record<Input['kind'], Bounded | undefined>> = {
  deliver: undefined,
  deliverLate: undefined,
  deliverTied: undefined,
  persist: undefined,
  expire: 'campaigns',
  heartbeat: 'heartbeats',
  checkQuorum: 'quorumChecks',
  propose: 'proposals',
  crash: 'crashes',
  transfer: 'transfers',
  change: 'changes',
};

const BITS = 4;

export function spentBy(input: Input): Bounded | undefined {
  const isAsked = input.kind === 'deliver' && input.message.kind === 'timeoutNow';
  return isAsked ? 'campaigns' : SPENDS[input.kind];
}

/** What has happened so far, as one number. */
export class Spending {
  readonly #bounds: Bounds;
  readonly #names: Names;
  readonly #hashes = new Map<number, Hashes>();

  constructor(bounds: Bounds, names: Names) {
    this.#bounds = bounds;
    this.#names = names;
  }

  count(spent: number, what: Bounded): number {
    return (spent >> (BITS * ORDER.indexOf(what))) & ((1 << BITS) - 1);
  }

  may(spent: number, what: Bounded): boolean {
    return this.count(spent, what) < this.#bounds[what];
  }

  spend(spent: number, what: Bounded): number {
    return spent + (1 << (BITS * ORDER.indexOf(what)));
  }

  after(spent: number, input: Input, isInterrupted: boolean): number {
    const what = spentBy(input);
    const now = what === undefined ? spent : this.spend(spent, what);
    return isInterrupted ? this.spend(now, 'crashes') : now;
  }

  hashes(spent: number): Hashes {
    const known = this.#hashes.get(spent) ?? this.#names.hashesOf({ spent });
    this.#hashes.set(spent, known);
    return known;
  }
}
