// Arithmetic of majorities. Whoever decides is given as one list of voters, or two while a
// configuration is joint: then each of them must agree by itself (thesis 4.3).

import { assert } from './assert.ts';
import type { NodeId } from './entry.ts';

type QuorumSize = (voters: number) => number;
type Majorities = readonly (readonly NodeId[])[];

/** The highest index that at least `quorum` of the members have. */
export function quorumIndex(matchIndexes: readonly number[], quorum: number): number {
  assert(quorum >= 1 && quorum <= matchIndexes.length, 'a quorum is a part of the voters');
  const descending = [...matchIndexes].sort((a, b) => b - a);
  const index = descending[quorum - 1];
  assert(index !== undefined, 'a quorum is a part of the voters');
  return index;
}

/** The highest value that a quorum of every list reaches. */
export function agreedIndex(
  majorities: Majorities,
  standOf: (voter: NodeId) => number,
  quorumSize: QuorumSize,
): number {
  assert(majorities.length > 0, 'somebody decides');
  const indexes = majorities.map((voters) =>
    quorumIndex(voters.map(standOf), quorumSize(voters.length)),
  );
  return Math.min(...indexes);
}

export type VoteResult = 'won' | 'lost' | 'pending';

/** Lost as soon as those who have not refused are too few. Answers of others do not count. */
export function voteResult(
  majorities: Majorities,
  votes: ReadonlyMap<NodeId, boolean>,
  quorumSize: QuorumSize,
): VoteResult {
  assert(majorities.length > 0, 'somebody decides');
  const results = majorities.map((voters) => resultOf(voters, votes, quorumSize(voters.length)));
  if (results.includes('lost')) return 'lost';
  return results.includes('pending') ? 'pending' : 'won';
}

function resultOf(
  voters: readonly NodeId[],
  votes: ReadonlyMap<NodeId, boolean>,
  quorum: number,
): VoteResult {
  const granted = voters.filter((voter) => votes.get(voter) === true).length;
  if (granted >= quorum) return 'won';
  const refused = voters.filter((voter) => votes.get(voter) === false).length;
  return voters.length - refused < quorum ? 'lost' : 'pending';
}
