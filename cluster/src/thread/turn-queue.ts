// Messages of a busy thread, handled for a few milliseconds at a time: between, the loop turns, and ticks, peers and the disk get
// their due. However many calls come at once, they delay each other and no heartbeat.

const TURN_MS = 4;

export class TurnQueue<M> {
  readonly #handle: (message: M) => void;
  readonly #monotonicMs: () => number;
  #waiting: M[] = [];
  #isTurning = false;
  #endMs = 0;

  constructor(handle: (message: M) => void, monotonicMs = () => performance.now()) {
    this.#handle = handle;
    this.#monotonicMs = monotonicMs;
  }

  /** Handled now if this turn has room for it. */
  add(message: M): void {
    if (!this.#isTurning) this.#begin();
    if (this.#waiting.length === 0 && this.#monotonicMs() < this.#endMs) this.#handle(message);
    else this.#waiting.push(message);
  }

  #begin(): void {
    this.#isTurning = true;
    this.#endMs = this.#monotonicMs() + TURN_MS;
    setImmediate(() => this.#goOn());
  }

  #goOn(): void {
    this.#isTurning = false;
    if (this.#waiting.length === 0) return;
    this.#begin();
    let handled = 0;
    for (const message of this.#waiting) {
      if (handled > 0 && this.#monotonicMs() >= this.#endMs) break;
      handled += 1;
      this.#handle(message);
    }
    this.#waiting = this.#waiting.slice(handled);
  }
}
