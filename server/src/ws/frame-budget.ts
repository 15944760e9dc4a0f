// How many frames one socket may send, whatever is in them: a token bucket. The rate limits count
// what requests cost behind the door; this bounds what reading and refusing them costs in front of it.

interface Allowance {
  readonly burst: number;
  readonly perSecond: number;
}

/** A sign-in and the pages of a long chain are some dozens of frames. */
export const FRAMES_ANONYMOUS: Allowance = { burst: 240, perSecond: 4 };
/** Above what the limits by device let through, so that those answer first. */
const FRAMES_DEVICE: Allowance = { burst: 6000, perSecond: 100 };

export class FrameBudget {
  #allowance = FRAMES_ANONYMOUS;
  #left = FRAMES_ANONYMOUS.burst;
  #atMs = Number.NEGATIVE_INFINITY;

  /** False: the socket sends more than anybody needs. `nowMs` is monotonic. */
  take(nowMs: number, shown: boolean): boolean {
    if (shown && this.#allowance !== FRAMES_DEVICE) {
      this.#allowance = FRAMES_DEVICE;
      this.#left = FRAMES_DEVICE.burst;
    }
    const { burst, perSecond } = this.#allowance;
    const gained = ((nowMs - this.#atMs) / 1000) * perSecond;
    this.#left = Math.min(burst, this.#left + gained) - 1;
    this.#atMs = nowMs;
    return this.#left >= 0;
  }
}
