// How much may happen in one history. Messages have no bound: each may be lost, late, doubled and out of order as
// often as there are ways to.

import type { Input } from './member.ts';
import { type Hashes, hashesOf } from './names.ts';

export interface Bounds {
  /** Election timeouts that pass without word from a leader. */
  readonly campaigns: number;
  readonly heartbeats: number;
  readonly quorumChecks: number;
  readonly proposals: number;
  readonly crashes: number;
  readonly transfers: number;
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
];

const SPENDS: Readonly<Record<Input['kind'], Bounded | undefined>> = {
  deliver: undefined,
  deliverLate: undefined,
  persist: undefined,
  expire: 'campaigns',
  heartbeat: 'heartbeats',
  checkQuorum: 'quorumChecks',
  propose: 'proposals',
  crash: 'crashes',
  transfer: 'transfers',
};

const BITS = 4;

/** What has happened so far, as one number. */
export class Spending {
  readonly #bounds: Bounds;
  readonly #hashes = new Map<number, Hashes>();

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
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

  after(spent: number, { kind }: Input, isInterrupted: boolean): number {
    const what = SPENDS[kind];
    const now = what === undefined ? spent : this.spend(spent, what);
    return isInterrupted ? this.spend(now, 'crashes') : now;
  }

  hashes(spent: number): Hashes {
    const known = this.#hashes.get(spent) ?? hashesOf({ spent });
    this.#hashes.set(spent, known);
    return known;
  }
}
