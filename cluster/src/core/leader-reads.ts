// What a leader knows of reads: those that no heartbeat was sent for yet, and those whose round of
// heartbeats is on its way. Reads of one turn share a round.

import type { NodeId } from './entry.ts';

/** A read of one process of one node. */
export interface AskedRead {
  readonly from: NodeId;
  readonly boot: number;
  readonly read: number;
}

interface Round {
  readonly round: number;
  /** The commit index when the round was sent: not below what it was when the reads came. */
  readonly index: number;
  readonly reads: readonly AskedRead[];
}

export class LeaderReads {
  readonly #max: number;
  #fresh: AskedRead[] = [];
  #rounds: Round[] = [];
  #count = 0;

  constructor(max: number) {
    this.#max = max;
  }

  get hasFresh(): boolean {
    return this.#fresh.length > 0;
  }

  /** A round of heartbeats was sent for some, and is not confirmed yet. */
  get isWaiting(): boolean {
    return this.#rounds.length > 0;
  }

  /** False when too many wait. */
  add(read: AskedRead): boolean {
    if (this.#count >= this.#max) return false;
    this.#count += 1;
    this.#fresh.push(read);
    return true;
  }

  /** Those that came until now go with this round of heartbeats. */
  sent(round: number, index: number): void {
    if (this.#fresh.length === 0) return;
    this.#rounds.push({ round, index, reads: this.#fresh });
    this.#fresh = [];
  }

  /** Takes what a quorum's answers confirm. */
  take(isConfirmed: (round: number) => boolean): readonly Round[] {
    const taken = this.#rounds.filter(({ round }) => isConfirmed(round));
    if (taken.length === 0) return taken;
    this.#rounds = this.#rounds.filter(({ round }) => !isConfirmed(round));
    for (const { reads } of taken) this.#count -= reads.length;
    return taken;
  }
}
