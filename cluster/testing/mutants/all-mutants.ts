// Every mutant, in the order of the list.

import { COMMIT_AND_LOG } from './commit-and-log.ts';
import { DURABILITY } from './durability.ts';
import { FLOW } from './flow.ts';
import { MEMBERSHIP, WHO_COUNTS } from './membership.ts';
import type { Mutant } from './mutant.ts';
import { READS } from './reads.ts';
import { VOTES } from './votes.ts';

export const MUTANTS: readonly Mutant[] = [
  ...COMMIT_AND_LOG,
  ...WHO_COUNTS,
  ...VOTES,
  ...READS,
  ...DURABILITY,
  ...MEMBERSHIP,
  ...FLOW,
];
