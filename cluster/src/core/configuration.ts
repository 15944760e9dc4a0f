// Who takes part in a group, and the algebra of changing that (thesis chapter 4). What voters there
// are changes by way of a joint configuration, in which both the old ones and the new ones decide;
// learners come and go in one step, since they decide nothing.

import type { Configuration, NodeId } from './entry.ts';

/** The configuration of a node that has not yet heard of any. */
export const NOBODY: Configuration = { voters: [], outgoing: [], learners: [] };

/** Members of one group, learners among them. */
export const MEMBERS_MAX = 256;
export const VOTERS_MAX = 9;

/** What is asked for. Whoever is not named stays what it is. */
export interface ConfigurationChange {
  /** Nodes that are no members yet. */
  readonly addLearners?: readonly NodeId[];
  /** Learners that become voters. */
  readonly promote?: readonly NodeId[];
  /** Voters that become learners. */
  readonly demote?: readonly NodeId[];
  /** Voters and learners that leave. */
  readonly remove?: readonly NodeId[];
}

export function isJoint({ outgoing }: Configuration): boolean {
  return outgoing.length > 0;
}

export function isVoter({ voters, outgoing }: Configuration, node: NodeId): boolean {
  return voters.includes(node) || outgoing.includes(node);
}

export function isMember(configuration: Configuration, node: NodeId): boolean {
  return isVoter(configuration, node) || configuration.learners.includes(node);
}

/** Everyone who votes, each once. */
export function votersOf({ voters, outgoing }: Configuration): readonly NodeId[] {
  return outgoing.length === 0 ? voters : [...new Set([...voters, ...outgoing])];
}

/** Everyone who receives the log, each once. */
export function membersOf(configuration: Configuration): readonly NodeId[] {
  return [...new Set([...votersOf(configuration), ...configuration.learners])];
}

/** What follows a joint configuration: the new voters alone. */
export function leaveJoint({ voters, learners }: Configuration): Configuration {
  return { voters, outgoing: [], learners };
}

/** The learners that the change makes voters: they are looked at before it begins. */
export function promotedBy(present: Configuration, change: ConfigurationChange): NodeId[] {
  return (change.promote ?? []).filter((node) => !present.voters.includes(node));
}

export type ChangeFault =
  /** Everyone is already what the change would make of it. */
  | 'UNCHANGED'
  /** One node is named for two things. */
  | 'CONTRADICTORY'
  /** Only a learner becomes a voter: it must have the log first. */
  | 'NOT_A_LEARNER'
  /** Only a voter becomes a learner this way. */
  | 'NOT_A_VOTER'
  | 'NO_VOTERS'
  | 'TOO_MANY_MEMBERS';

/**
 * The configuration to append: joint if it changes who votes, and to be left by leaveJoint() then. To add
 * who is there, to remove who is not, and to promote or demote who is that already, is harmless.
 */
export function nextConfiguration(
  present: Configuration,
  change: ConfigurationChange,
): Configuration | ChangeFault {
  const { addLearners = [], promote = [], demote = [], remove = [] } = change;
  const named = [...addLearners, ...promote, ...demote, ...remove];
  if (new Set(named).size !== named.length) return 'CONTRADICTORY';
  if (promote.some((node) => !isMember(present, node))) return 'NOT_A_LEARNER';
  if (demote.some((node) => !isMember(present, node))) return 'NOT_A_VOTER';
  const leaving = new Set([...demote, ...remove]);
  const joining = promotedBy(present, change);
  const voters = [...present.voters.filter((node) => !leaving.has(node)), ...joining];
  const notLearning = new Set([...joining, ...remove]);
  const learning = [
    ...present.learners,
    ...demote.filter((node) => present.voters.includes(node)),
    ...addLearners.filter((node) => !isMember(present, node)),
  ];
  const learners = learning.filter((node) => !notLearning.has(node));
  const sameVoters = isSame(voters, present.voters);
  if (sameVoters && isSame(learners, present.learners)) return 'UNCHANGED';
  if (voters.length === 0) return 'NO_VOTERS';
  const outgoing = sameVoters ? [] : present.voters;
  const next = { voters, outgoing, learners };
  const isTooLarge = membersOf(next).length > MEMBERS_MAX || voters.length > VOTERS_MAX;
  return isTooLarge ? 'TOO_MANY_MEMBERS' : next;
}

/** Both keep the order of what stays, so that equal sets are equal lists. */
function isSame(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((node, at) => node === b[at]);
}
