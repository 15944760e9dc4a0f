// Linearizability is local (Herlihy and Wing, 1990, theorem 1): a history is linearizable if that of each key is.
import { checkKey } from './check-key.ts';
import type { Operation } from './operation.ts';

/** Far above what a history of thousands of operations on a key takes when few of them overlap. */
const STEPS_MAX = 50_000_000;

export type HistoryVerdict =
  | { readonly verdict: 'linearizable' }
  | { readonly verdict: 'violated'; readonly key: string; readonly operation: Operation }
  | { readonly verdict: 'undecided'; readonly key: string };

/** Says no before it says that it does not know. Keys begin without a value. */
export function checkHistory(
  history: readonly Operation[],
  { stepsMax = STEPS_MAX }: { readonly stepsMax?: number } = {},
): HistoryVerdict {
  const keys = Map.groupBy(history, ({ key }) => key);
  let undecided: string | undefined;
  for (const [key, operations] of keys) {
    const result = checkKey(operations, { left: Math.ceil(stepsMax / keys.size) });
    if (result.verdict === 'violated') return { ...result, key };
    if (result.verdict === 'undecided') undecided ??= key;
  }
  return undecided === undefined
    ? { verdict: 'linearizable' }
    : { verdict: 'undecided', key: undecided };
}
