// Hybrid logical clock: wall time where it moves on, a counter where it does not, and never behind
// anything seen. Records of one conversation so sort after what their author had read.

import { LOGICAL_COUNTER_MAX } from '@rockpool/protocol';

export interface HybridTime {
  readonly ms: number;
  readonly counter: number;
}

export function tickClock(last: HybridTime, nowMs: number): HybridTime {
  if (nowMs > last.ms) return { ms: nowMs, counter: 0 };
  return last.counter < LOGICAL_COUNTER_MAX
    ? { ms: last.ms, counter: last.counter + 1 }
    : { ms: last.ms + 1, counter: 0 };
}

export function laterTime(a: HybridTime, b: HybridTime): HybridTime {
  return b.ms > a.ms || (b.ms === a.ms && b.counter > a.counter) ? b : a;
}
