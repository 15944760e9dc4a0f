// Time as the driver needs it; tests and simulations bring their own. What is to run later is asked for
// here and nowhere else, so that one thread and one seed can decide the order of everything.

import { type After, type Cancel, systemAfter } from '@rockpool/storage';

export interface Clock {
  /** Milliseconds since 1970: stamps entries, may jump. */
  nowMs(): number;
  /** Never goes back: measures. */
  monotonicMs(): number;
  readonly after: After;
  /** Runs again and again, until cancelled. */
  every(intervalMs: number, run: () => void): Cancel;
  /** Runs when the inputs that wait by now are handled: at the end of this turn of the event loop. */
  soon(run: () => void): void;
}

export const SYSTEM_CLOCK: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: systemAfter,
  every: (intervalMs, run) => {
    const timer = setInterval(run, intervalMs);
    return () => clearInterval(timer);
  },
  soon: (run) => {
    setImmediate(run);
  },
};
