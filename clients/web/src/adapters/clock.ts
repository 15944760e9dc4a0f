import type { Clock, Random } from '@rockpool/client-core';

/** Longest wait that setTimeout takes without wrapping to zero. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

export const browserClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, TIMEOUT_MAX_MS));
    return () => clearTimeout(timer);
  },
};

export const browserRandom: Random = {
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};
