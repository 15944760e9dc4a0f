// The one timer of all groups. Ticks follow the time that went by, but after a standstill no more than one
// is made up for: a burst of them would let every follower campaign against a leader that it did not
// listen to. What waits in the sockets is read before any tick, and while the loop was late nobody campaigns.

import type { Cancel } from '@rockpool/storage';
import type { Clock } from './clock.ts';

const CATCH_UP_TICKS_MAX = 1;
/** A timer that is early by less than this share of a tick is not early. */
const EARLY_SHARE = 0.25;
const LAG_WINDOW_MS = 10_000;

export interface TickWheelOptions {
  readonly clock: Clock;
  readonly tickMs: number;
  readonly heartbeatTicks: number;
  /** Without leave to campaign, followers wait for one more tick. */
  readonly tick: (mayCampaign: boolean) => void;
}

export class TickWheel {
  readonly #options: TickWheelOptions;
  #lastMs = 0;
  /** Went by, and was not yet ticked. */
  #owedMs = 0;
  #windowStartMs = 0;
  #lagMs = 0;
  #lagBeforeMs = 0;
  #cancel: Cancel | undefined;

  constructor(options: TickWheelOptions) {
    this.#options = options;
  }

  /** The longest that the event loop was late within the last 10 to 20 s. */
  get lagMs(): number {
    return Math.max(this.#lagMs, this.#lagBeforeMs);
  }

  start(): void {
    const { clock, tickMs } = this.#options;
    this.#lastMs = clock.monotonicMs();
    this.#windowStartMs = this.#lastMs;
    this.#cancel = clock.every(tickMs, () => this.#fired());
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #fired(): void {
    const { clock, tickMs, heartbeatTicks, tick } = this.#options;
    const nowMs = clock.monotonicMs();
    const elapsedMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    const lagMs = elapsedMs - tickMs;
    this.#note(lagMs, nowMs);
    this.#owedMs = Math.min(this.#owedMs + elapsedMs, (1 + CATCH_UP_TICKS_MAX) * tickMs);
    const ticks = Math.floor(this.#owedMs / tickMs + EARLY_SHARE);
    this.#owedMs -= ticks * tickMs;
    const mayCampaign = lagMs <= (heartbeatTicks * tickMs) / 2;
    clock.soon(() => {
      if (this.#cancel === undefined) return;
      for (let done = 0; done < ticks; done += 1) tick(mayCampaign);
    });
  }

  #note(lagMs: number, nowMs: number): void {
    if (nowMs - this.#windowStartMs >= LAG_WINDOW_MS) {
      this.#windowStartMs = nowMs;
      this.#lagBeforeMs = this.#lagMs;
      this.#lagMs = 0;
    }
    this.#lagMs = Math.max(this.#lagMs, lagMs);
  }
}
