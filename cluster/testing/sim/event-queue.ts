// Virtual time: a binary heap of events ordered by (time, order of scheduling).

interface Scheduled {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

function isBefore(x: Scheduled, y: Scheduled): boolean {
  return x.atMs < y.atMs || (x.atMs === y.atMs && x.order < y.order);
}

export class EventQueue {
  readonly #heap: Scheduled[] = [];
  #scheduled = 0;
  #nowMs = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): void {
    const event = { atMs: this.#nowMs + delayMs, order: this.#scheduled, run };
    this.#scheduled += 1;
    this.#heap.push(event);
    this.#rise(this.#heap.length - 1);
  }

  /** False when nothing is left up to that time; time then stands there. */
  runNext(untilMs: number): boolean {
    const next = this.#heap[0];
    if (next === undefined || next.atMs > untilMs) {
      this.#nowMs = untilMs;
      return false;
    }
    const last = this.#heap.pop();
    if (last !== undefined && last !== next) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    this.#nowMs = next.atMs;
    next.run();
    return true;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBeforeAt(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    let at = from;
    for (;;) {
      const left = 2 * at + 1;
      let least = at;
      if (this.#isBeforeAt(left, least)) least = left;
      if (this.#isBeforeAt(left + 1, least)) least = left + 1;
      if (least === at) return;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBeforeAt(at: number, other: number): boolean {
    const x = this.#heap[at];
    const y = this.#heap[other];
    return x !== undefined && y !== undefined && isBefore(x, y);
  }

  #swap(at: number, other: number): void {
    const x = this.#heap[at];
    const y = this.#heap[other];
    if (x === undefined || y === undefined) return;
    this.#heap[at] = y;
    this.#heap[other] = x;
  }
}
