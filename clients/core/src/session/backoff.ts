// Exponential backoff with jitter: half of each wait is fixed, half random, so that clients of a
// node that died do not come back in one wave.

import type { Random } from '../ports.ts';

export interface BackoffRange {
  readonly firstMs: number;
  readonly maxMs: number;
}

export function backoffMs(range: BackoffRange, attempt: number, random: Random): number {
  const full = Math.min(range.maxMs, range.firstMs * 2 ** Math.min(attempt, 20));
  return Math.round(full / 2 + (full / 2) * fraction(random));
}

/** Uniform in [0, 1). */
export function fraction(random: Random): number {
  const [a = 0, b = 0] = random.bytes(2);
  return (a * 256 + b) / 65_536;
}
