// Who should take part in a group, given the nodes that there are, and the next step on the way there. Every
// node has every group; three vote, in the meta group five from nine nodes on, and the others learn.

import type { ConfigurationChange } from '../core/configuration.ts';
import type { Configuration, NodeId } from '../core/entry.ts';

const VOTERS = 3;
const META_VOTERS = 5;
const META_VOTERS_FROM = 9;

export interface Placement {
  readonly group: number;
  readonly configuration: Configuration;
  /** The nodes that are there to stay, in the order of their ids. */
  readonly staying: readonly NodeId[];
  /** Of whom it is known that it leaves. Whoever is merely unknown here may have come since. */
  readonly isDeparting: (node: NodeId) => boolean;
  /** Who leaves, and must hear on what this group agrees until it has: a learner is told, a stranger is not. */
  readonly mustHear: (node: NodeId) => boolean;
  /** Learners that would not hold up a commit if they voted. */
  readonly isCaughtUp: (learner: NodeId) => boolean;
}

/** undefined while all is as it should be, or nothing can be done yet. */
export function nextChange(placement: Placement): ConfigurationChange | undefined {
  const { configuration, staying, isDeparting, mustHear, isCaughtUp } = placement;
  const { voters, learners } = configuration;
  const missing = staying.filter((node) => !voters.includes(node) && !learners.includes(node));
  if (missing.length > 0) return { addLearners: missing };
  const leaving = voters.filter((voter) => isDeparting(voter));
  const kept = voters.length - leaving.length;
  const wanted = Math.max(0, wantedVoters(placement, kept) - kept);
  const promote = spread(placement).filter(isCaughtUp).slice(0, wanted);
  // Two voters are no safer than one, so one waits until two can join it.
  if (promote.length === wanted && wanted + leaving.length > 0) {
    const demote = leaving.filter(mustHear);
    const remove = leaving.filter((voter) => !mustHear(voter));
    return demote.length > 0 ? { promote, demote, remove } : { promote, remove };
  }
  const gone = learners.filter((learner) => isDeparting(learner) && !mustHear(learner));
  return gone.length > 0 ? { remove: gone } : undefined;
}

/**
 * Whose absence stands in the way when a group is to go on with these nodes alone: nobody if enough of those who
 * would vote then are there, and somebody for each place among them.
 */
export function blockersOfLeaving(after: {
  readonly group: number;
  readonly configuration: Configuration;
  readonly staying: readonly NodeId[];
  readonly isLive: (node: NodeId) => boolean;
}): readonly NodeId[] {
  const { configuration, staying, isLive } = after;
  const kept = staying.filter((node) => configuration.voters.includes(node));
  const others = staying.filter((node) => !kept.includes(node));
  const places = Math.max(0, wantedVoters(after, kept.length) - kept.length);
  const filled = Math.min(places, others.filter(isLive).length);
  const voting = kept.filter(isLive).length + filled;
  if (filled === places && voting > (kept.length + places) / 2) return [];
  return staying.filter((node) => !isLive(node));
}

function wantedVoters(
  { group, staying }: Pick<Placement, 'group' | 'staying'>,
  kept: number,
): number {
  if (staying.length < VOTERS) return Math.max(1, kept);
  return group === 0 && staying.length >= META_VOTERS_FROM ? META_VOTERS : VOTERS;
}

/** Another order for each group, so that not the same few nodes vote in all of them. */
function spread({ group, configuration, staying }: Placement): readonly NodeId[] {
  const first = group % Math.max(1, staying.length);
  const turned = [...staying.slice(first), ...staying.slice(0, first)];
  return turned.filter((node) => configuration.learners.includes(node));
}
