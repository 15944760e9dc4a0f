// What a leader knows of one follower's log (after etcd's raft). In the probe state one append is on
// its way at a time, to find where the logs agree; in the replicate state appends are pipelined
// within a window of count and bytes; in the snapshot state none are sent, since what the follower
// needs is no longer in the log.

import { assert } from './assert.ts';
import type { RaftLimits } from './types.ts';

interface Inflight {
  readonly lastIndex: number;
  readonly bytes: number;
}

export type ProgressState = 'probe' | 'replicate' | 'snapshot';

export class Progress {
  readonly #limits: RaftLimits;
  #state: ProgressState = 'probe';
  #matchIndex = 0;
  #nextIndex: number;
  #isProbeOut = false;
  #isProbeDue = false;
  /** Heard since its connection broke: only then is it worth a snapshot. */
  #isHeard = false;
  #pendingSnapshot = 0;
  #sentCommit = 0;
  #ackedRound = 0;
  readonly #sinceRound: number;
  #inflights: Inflight[] = [];
  #inflightBytes = 0;

  /** Whoever is new has until the end of the next window to answer: no leader steps down for it at once. */
  constructor(nextIndex: number, limits: RaftLimits, sinceRound = 0) {
    this.#nextIndex = nextIndex;
    this.#sinceRound = sinceRound;
    this.#limits = limits;
  }

  get state(): ProgressState {
    return this.#state;
  }

  get matchIndex(): number {
    return this.#matchIndex;
  }

  get nextIndex(): number {
    return this.#nextIndex;
  }

  /** The newest heartbeat round this follower has answered. */
  get ackedRound(): number {
    return this.#ackedRound;
  }

  /** Like ackedRound, but a newcomer counts as heard when it came. Never proves anything to a read. */
  get heardRound(): number {
    return Math.max(this.#ackedRound, this.#sinceRound);
  }

  /** It goes on from the log after this index, if that is still there. */
  get neededFrom(): number {
    return this.#state === 'snapshot' ? this.#pendingSnapshot : this.#matchIndex;
  }

  get isHeard(): boolean {
    return this.#isHeard;
  }

  /** It has all of the log, and was told that it is committed. */
  isSettled(lastIndex: number, commit: number): boolean {
    const hasAll = this.#state === 'replicate' && this.#matchIndex === lastIndex;
    return hasAll && this.wants(lastIndex, commit) === 'nothing';
  }

  get inflightAppends(): number {
    return this.#inflights.length;
  }

  get inflightBytes(): number {
    return this.#inflightBytes;
  }

  /** What to send now: entries, an append without entries, or nothing. */
  wants(lastIndex: number, commit: number): 'entries' | 'empty' | 'nothing' {
    if (this.#state === 'snapshot') return 'nothing';
    const hasEntries = this.#nextIndex <= lastIndex;
    if (this.#state === 'probe') {
      if (this.#isProbeOut) return 'nothing';
      return hasEntries ? 'entries' : 'empty';
    }
    if (hasEntries && !this.#isWindowFull()) return 'entries';
    const canTellCommit = Math.min(commit, this.#nextIndex - 1) > this.#sentCommit;
    return canTellCommit || this.#isProbeDue ? 'empty' : 'nothing';
  }

  sent(append: { entries: number; bytes: number; commit: number }): void {
    const lastIndex = this.#nextIndex + append.entries - 1;
    this.#sentCommit = Math.max(this.#sentCommit, Math.min(append.commit, lastIndex));
    this.#isProbeDue = false;
    if (this.#state === 'probe') {
      this.#isProbeOut = true;
    } else if (append.entries > 0) {
      this.#nextIndex = lastIndex + 1;
      this.#inflights.push({ lastIndex, bytes: append.bytes });
      this.#inflightBytes += append.bytes;
    }
  }

  /** What it needs is compacted away; it will be sent the state of this index or a later one. */
  awaitsSnapshot(index: number): void {
    this.#probe();
    this.#state = 'snapshot';
    this.#pendingSnapshot = index;
  }

  snapshotEnded(isReceived: boolean): void {
    if (this.#state !== 'snapshot') return;
    const received = isReceived ? this.#pendingSnapshot : 0;
    this.#probe();
    this.#nextIndex = Math.max(this.#nextIndex, received + 1);
    // The answer to the next heartbeat begins again: not at once, lest it goes round and round.
    this.#isProbeOut = true;
  }

  /** firstIndex is that of the leader's log: what follows on it can go on by appends. */
  accepted(matchIndex: number, firstIndex: number): void {
    this.#isHeard = true;
    const freed = this.#inflights.filter((inflight) => inflight.lastIndex <= matchIndex);
    for (const inflight of freed) this.#inflightBytes -= inflight.bytes;
    this.#inflights.splice(0, freed.length);
    if (matchIndex < this.#matchIndex) return;
    const isOnLog = this.#state === 'snapshot' && matchIndex + 1 >= firstIndex;
    const goesOn = this.#state === 'probe' || isOnLog;
    this.#matchIndex = matchIndex;
    this.#nextIndex = Math.max(this.#nextIndex, matchIndex + 1);
    if (goesOn) {
      this.#state = 'replicate';
      this.#isProbeOut = false;
      this.#nextIndex = matchIndex + 1;
    }
    assert(this.#nextIndex > this.#matchIndex, 'next is above match');
  }

  /** False if the refusal is of an append that no longer matters. */
  rejected(rejectedIndex: number, agreementIndex: number): boolean {
    this.#isHeard = true;
    if (this.#state === 'snapshot') return false;
    if (this.#state === 'replicate') {
      if (rejectedIndex <= this.#matchIndex) return false;
      this.#probe();
      return true;
    }
    if (rejectedIndex !== this.#nextIndex - 1) return false;
    // It lacks what it acknowledged. There is nothing below to try, and asking again at once would
    // go back and forth as fast as the network carries it.
    if (rejectedIndex <= this.#matchIndex) return false;
    const next = Math.min(rejectedIndex, agreementIndex + 1);
    this.#nextIndex = Math.max(next, this.#matchIndex + 1);
    this.#isProbeOut = false;
    return true;
  }

  /** A reply proves that the way is open: what was lost may be sent again. */
  heartbeatAnswered(round: number, lastIndex: number): void {
    this.#ackedRound = Math.max(this.#ackedRound, round);
    this.#isHeard = true;
    if (this.#state === 'snapshot') return;
    this.#isProbeOut = false;
    if (this.#matchIndex < lastIndex) this.#isProbeDue = true;
  }

  unreachable(): void {
    this.#isHeard = false;
    if (this.#state === 'replicate') this.#probe();
  }

  #probe(): void {
    this.#state = 'probe';
    this.#nextIndex = this.#matchIndex + 1;
    this.#isProbeOut = false;
    // Appends that carried a commit index may be lost with the rest.
    this.#sentCommit = Math.min(this.#sentCommit, this.#matchIndex);
    this.#inflights = [];
    this.#inflightBytes = 0;
  }

  #isWindowFull(): boolean {
    return (
      this.#inflights.length >= this.#limits.inflightAppendsMax ||
      this.#inflightBytes >= this.#limits.inflightBytesMax
    );
  }
}
