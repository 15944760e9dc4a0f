// How much of the log is kept. What is applied can be given up, since the state machine holds it; the
// rest is kept for followers that lag, because entries are cheaper for them than a snapshot.

import { isLive } from './heartbeats.ts';
import type { RaftState } from './state.ts';

/** Entries dropped at a time: each is a deletion in one batch. */
const STEP_MAX = 4_096;

/** Called after entries were applied. */
export function compactLog(state: RaftState): void {
  const { log } = state;
  const { logEntriesKept, logBytesKept, logBytesMax } = state.config.limits;
  // Not before a quarter more than is kept has gathered: then it is worth a batch.
  const isWorthIt = log.length * 4 > logEntriesKept * 5 || log.bytes * 4 > logBytesKept * 5;
  if (!isWorthIt) return;
  const limit = state.rules.compactionLimit({
    applied: state.applied,
    lastIndex: log.lastIndex,
    neededFrom: slowestLive(state),
    isOverMax: log.bytes > logBytesMax,
  });
  const to = log.compactionIndex(logEntriesKept, logBytesKept, limit);
  const index = Math.min(to, log.firstIndex - 1 + STEP_MAX);
  if (index < log.firstIndex) return;
  log.compactTo(index);
  state.durability.compactedTo(log.base);
}

/** Up to where every follower that has lately answered has the log, or will from its snapshot. */
function slowestLive(state: RaftState): number {
  const { role } = state;
  if (role.kind !== 'leader') return state.applied;
  const followers = [...role.followers.values()];
  const live = followers.filter((progress) => isLive(role, progress));
  return Math.min(...live.map(({ neededFrom }) => neededFrom));
}
