// Which numbers of a session are taken. They come almost in order, so a few ranges tell all of them; what
// is below the oldest one is taken for good, and nothing lies further above it than the window is wide.

/** How far a sequence may be above the oldest one that its sender still waits for. */
export const SEQUENCES_OPEN_MAX = 4_096;

export interface SequenceRange {
  readonly first: number;
  /** Included. */
  readonly last: number;
}

export class SequenceSet {
  #oldest: number;
  /** Ascending, each at least one number apart from the next. */
  #ranges: SequenceRange[];

  constructor(oldest: number, ranges: readonly SequenceRange[]) {
    this.#oldest = oldest;
    this.#ranges = [...ranges];
  }

  get oldest(): number {
    return this.#oldest;
  }

  get ranges(): readonly SequenceRange[] {
    return this.#ranges;
  }

  has(sequence: number): boolean {
    if (sequence < this.#oldest) return true;
    return this.#ranges.some(({ first, last }) => sequence >= first && sequence <= last);
  }

  /** Nobody waits for what is below; it stays taken. */
  forgetBelow(oldest: number): void {
    if (oldest <= this.#oldest) return;
    this.#oldest = oldest;
    const [lowest] = this.#ranges;
    if (lowest === undefined || lowest.first >= oldest) return;
    if (lowest.last >= oldest) {
      this.#ranges[0] = { first: oldest, last: lowest.last };
      return;
    }
    this.#ranges = this.#ranges
      .filter(({ last }) => last >= oldest)
      .map(({ first, last }) => ({ first: Math.max(first, oldest), last }));
  }

  /** For a sequence that is not taken, and in the window. */
  add(sequence: number): void {
    const ranges = this.#ranges;
    let at = ranges.length;
    while (at > 0 && (ranges[at - 1]?.first ?? 0) > sequence) at -= 1;
    const before = ranges[at - 1];
    const after = ranges[at];
    const joinsBefore = before?.last === sequence - 1;
    const joinsAfter = after?.first === sequence + 1;
    const first = before !== undefined && joinsBefore ? before.first : sequence;
    const last = after !== undefined && joinsAfter ? after.last : sequence;
    const from = joinsBefore ? at - 1 : at;
    ranges.splice(from, (joinsBefore ? 1 : 0) + (joinsAfter ? 1 : 0), { first, last });
  }
}
