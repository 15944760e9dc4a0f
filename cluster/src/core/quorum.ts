// Arithmetic of majorities.

import { assert } from './assert.ts';

/** The highest index that at least `quorum` of the members have. */
export function quorumIndex(matchIndexes: readonly number[], quorum: number): number {
  assert(quorum >= 1 && quorum <= matchIndexes.length, 'a quorum is a part of the voters');
  const descending = [...matchIndexes].sort((a, b) => b - a);
  const index = descending[quorum - 1];
  assert(index !== undefined, 'a quorum is a part of the voters');
  return index;
}

export type VoteResult = 'won' | 'lost' | 'pending';

/** Lost as soon as those who have not refused are too few. */
export function voteResult(
  votes: ReadonlyMap<string, boolean>,
  voters: number,
  quorum: number,
): VoteResult {
  let granted = 0;
  for (const vote of votes.values()) if (vote) granted += 1;
  if (granted >= quorum) return 'won';
  const refused = votes.size - granted;
  return voters - refused < quorum ? 'lost' : 'pending';
}
