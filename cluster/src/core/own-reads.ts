// The reads that this node has asked for. Numbers are never used again, so that an answer which comes
// late, or twice, can only be the answer to its own request.

import type { ConfirmedRead } from './types.ts';

export class OwnReads {
  readonly #patienceTicks: number;
  readonly #max: number;
  #last = 0;
  /** Asked for and not answered, with the tick of asking; the oldest first. */
  readonly #asked = new Map<number, number>();
  /** Answered; they wait until their index is applied here. */
  #confirmed: ConfirmedRead[] = [];
  #failed: number[] = [];

  constructor(patienceTicks: number, max: number) {
    this.#patienceTicks = patienceTicks;
    this.#max = max;
  }

  /** undefined when too many are under way. */
  ask(nowTick: number): number | undefined {
    if (this.#asked.size + this.#confirmed.length >= this.#max) return undefined;
    this.#last += 1;
    this.#asked.set(this.#last, nowTick);
    return this.#last;
  }

  /** An answer to a read that is not waited for is late, or doubled. */
  answered(read: number, index: number | undefined): void {
    if (!this.#asked.delete(read)) return;
    if (index === undefined) this.#failed.push(read);
    else this.#confirmed.push({ read, index });
  }

  /** Whoever was asked leads no more, or in another term: it may have forgotten the question. */
  failAsked(): void {
    this.#failed.push(...this.#asked.keys());
    this.#asked.clear();
  }

  /** A question or its answer may have been lost. */
  failOlder(nowTick: number): void {
    for (const [read, askedTick] of this.#asked) {
      if (nowTick - askedTick < this.#patienceTicks) return;
      this.#asked.delete(read);
      this.#failed.push(read);
    }
  }

  /** Nobody waits for an answer, or for one to be applied. */
  get isIdle(): boolean {
    return this.#asked.size + this.#confirmed.length + this.#failed.length === 0;
  }

  takeApplied(applied: number): readonly ConfirmedRead[] {
    if (this.#confirmed.length === 0) return [];
    const taken = this.#confirmed.filter(({ index }) => index <= applied);
    this.#confirmed = this.#confirmed.filter(({ index }) => index > applied);
    return taken;
  }

  get hasFailed(): boolean {
    return this.#failed.length > 0;
  }

  takeFailed(): readonly number[] {
    if (this.#failed.length === 0) return [];
    const taken = this.#failed;
    this.#failed = [];
    return taken;
  }
}
