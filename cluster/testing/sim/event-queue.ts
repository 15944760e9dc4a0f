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
    this.at(this.#nowMs + delayMs, run);
  }

  /** What is to come in order is given its very time: a difference that is added again may be another number. */
  at(atMs: number, run: () => void): void {
    const event = { atMs, order: this.#scheduled, run };
    this.#scheduled += 1;
    this.#rise(event);
  }

  /** False when nothing is left up to that time; time then stands there. */
  runNext(untilMs: number): boolean {
    const next = this.#heap[0];
    if (next === undefined || next.atMs > untilMs) {
      this.#nowMs = untilMs;
      return false;
    }
    const last = this.#heap.pop();
    if (last !== undefined && last !== next) this.#sink(last);
    this.#nowMs = next.atMs;
    next.run();
    return true;
  }

  /** From a new place at the end. */
  #rise(event: Scheduled): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(event, parent)) break;
      heap[at] = parent;
      at = above;
    }
    heap[at] = event;
  }

  /** From the top, which is empty. */
  #sink(event: Scheduled): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      let child = heap[left];
      if (child === undefined) break;
      const right = heap[left + 1];
      const isRight = right !== undefined && isBefore(right, child);
      if (isRight) child = right;
      if (!isBefore(child, event)) break;
      heap[at] = child;
      at = isRight ? left + 1 : left;
    }
    heap[at] = event;
  }
}
