// Rounds of heartbeats: what keeps followers from campaigning, and what proves to a leader that it
// still leads.

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
