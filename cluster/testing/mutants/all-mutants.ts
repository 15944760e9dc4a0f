// Every mutant, in the order of the list; and those that lack a behaviour.

import { BEYOND } from './behaviours-beyond.ts';
import { ELECTIONS } from './behaviours-elections.ts';
import { WHO_TAKES_PART } from './behaviours-membership.ts';
import { REPLICATION } from './behaviours-replication.ts';
import { COMMIT_AND_LOG } from './commit-and-log.ts';
import { DURABILITY } from './durability.ts';
import { FLOW } from './flow.ts';
import { MEMBERSHIP, WHO_COUNTS } from './membership.ts';
import type { Mutant } from './mutant.ts';
import { READS } from './reads.ts';
import { VOTES } from './votes.ts';

/** Mistakes that real systems have made. */
export const MUTANTS: readonly Mutant[] = [
  ...COMMIT_AND_LOG,
  ...WHO_COUNTS,
  ...VOTES,
  ...READS,
  ...DURABILITY,
  ...MEMBERSHIP,
  ...FLOW,
];

/**
 * Each lacks one behaviour of docs/raft-conformance.md that no mistake of the list takes away: the tests of that
 * behaviour must fail with it. Many do no harm that a simulation could see, so they are not hunted.
 */
export const BEHAVIOUR_MUTANTS: readonly Mutant[] = [
  ...ELECTIONS,
  ...REPLICATION,
  ...WHO_TAKES_PART,
  ...BEYOND,
];

export const ALL_MUTANTS: readonly Mutant[] = [...MUTANTS, ...BEHAVIOUR_MUTANTS];

export function mutantOf(id: unknown): Mutant {
  const found = ALL_MUTANTS.find((mutant) => mutant.id === id);
  if (found === undefined) throw new Error(`there is no mutant ${id}`);
  return found;
}
