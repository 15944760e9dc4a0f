import { randomBytes } from 'node:crypto';
import type { Clock, Random } from '@rockpool/client-core';

/** Longest wait that setTimeout takes without wrapping to zero. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(delayMs, TIMEOUT_MAX_MS));
    return () => clearTimeout(timer);
  },
};

export const systemRandom: Random = {
  bytes: (length) => new Uint8Array(randomBytes(length)),
};
