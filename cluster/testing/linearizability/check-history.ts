// Linearizability is local (Herlihy and Wing, 1990, theorem 1): a history is linearizable if that of each key is.
import { checkKey } from './check-key.ts';
import type { Operation } from './operation.ts';

/** Far above what a history of thousands of operations on a key takes when few of them overlap. */
const STEPS_MAX = 50_000_000;
const PASSES = 2;

export type HistoryVerdict =
  | { readonly verdict: 'linearizable' }
  | { readonly verdict: 'violated'; readonly key: string; readonly operation: Operation }
  | { readonly verdict: 'undecided'; readonly key: string };

/**
 * Says no before it says that it does not know. Keys begin without a value. Each key has its share of the steps; what most of
 * them leave is for the few that need more.
 */
export function checkHistory(
  history: readonly Operation[],
  { stepsMax = STEPS_MAX }: { readonly stepsMax?: number } = {},
): HistoryVerdict {
  let keys = [...Map.groupBy(history, ({ key }) => key)];
  let left = stepsMax;
  for (let pass = 1; pass <= PASSES && keys.length > 0; pass += 1) {
    const share = Math.ceil(left / keys.length);
    const undecided: typeof keys = [];
    for (const [key, operations] of keys) {
      const steps = { left: share };
      const result = checkKey(operations, steps);
      left -= share - steps.left;
      if (result.verdict === 'violated') return { ...result, key };
      if (result.verdict === 'undecided') undecided.push([key, operations]);
    }
    keys = undecided;
  }
  const [first] = keys;
  return first === undefined
    ? { verdict: 'linearizable' }
    : { verdict: 'undecided', key: first[0] };
}
