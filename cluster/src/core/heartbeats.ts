// Rounds of heartbeats: what keeps followers from campaigning, and what proves to a leader that it
// still leads.

import type { Progress } from './progress.ts';
import { agreedIndex } from './quorum.ts';
import type { LeaderRole, RaftState } from './state.ts';

export function sendHeartbeats(state: RaftState, role: LeaderRole): void {
  // In step with the other groups of the process, so that theirs travel together.
  role.heartbeatElapsed = state.nowTick % state.config.heartbeatTicks;
  role.round += 1;
  for (const [to, progress] of role.followers) {
    const commit = Math.min(state.commit, progress.matchIndex);
    state.send({ kind: 'heartbeat', to, commit, round: role.round });
  }
}

/** The newest round that a quorum has answered; the leader itself answers every one. */
export function answeredRound(
  state: RaftState,
  role: LeaderRole,
  roundOf: (progress: Progress) => number,
): number {
  const { rules, config, majorities } = state;
  const standOf = (voter: string): number => {
    if (voter === config.self) return Number.POSITIVE_INFINITY;
    const progress = role.followers.get(voter);
    return progress === undefined ? 0 : roundOf(progress);
  };
  return agreedIndex(majorities, standOf, rules.quorumSize);
}

/** It has answered in the last two windows of CheckQuorum. */
export function isLive(role: LeaderRole, { ackedRound }: Progress): boolean {
  return ackedRound > role.liveRound;
}
