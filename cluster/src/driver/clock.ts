// Time as the driver needs it; tests and simulations bring their own.

export interface Clock {
  /** Milliseconds since 1970: stamps entries, may jump. */
  nowMs(): number;
  /** Never goes back: measures. */
  monotonicMs(): number;
}

export const SYSTEM_CLOCK: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
