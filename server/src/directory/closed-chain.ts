// A chain takes no links while its group collects what was lost, nor until one of the branches that it collected is chosen.

import type { Bytes } from '@rockpool/protocol';
import { branchesRow } from './branch-rows.ts';
import { headOf } from './chain-rows.ts';
import { graceIn, isCollecting } from './grace.ts';
import { branchesKey, GRACE_KEY } from './keys.ts';
import { type Outcome, type Rows, refusedAs } from './outcome.ts';

/** What closedToLinks looks at. */
export function closingKeys(chainId: Bytes): readonly Bytes[] {
  return [GRACE_KEY, branchesKey(chainId)];
}

/** Undefined where the chain goes on. */
export function closedToLinks(
  rows: Rows,
  state: { readonly ref: readonly [number, Bytes]; readonly seq: number; readonly head: Bytes },
  timeMs: number,
): Outcome | undefined {
  if (isCollecting(graceIn(rows), timeMs)) {
    return refusedAs('CHAIN_GRACE', 'links that were lost may still come', headOf(state));
  }
  const row = rows(branchesKey(state.ref[1]));
  if (row === undefined) return undefined;
  return branchesRow.decode(row).open === undefined
    ? refusedAs('CHAIN_GRACE', 'one of its branches is about to be chosen', headOf(state))
    : refusedAs('CHAIN_UNDECIDED', 'none of its branches is chosen', headOf(state));
}
