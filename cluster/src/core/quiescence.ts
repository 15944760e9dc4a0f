// When nothing is left to do in a group, ticks may cease for all of its members, and heartbeats with them
// (quiescence). Safety never rests on time, so that only progress is at stake: whoever drives the members sees to it
// that none of them is left awake while its leader is not, and that ticks begin again when a node falls silent.

import { isJoint } from './configuration.ts';
import { isLive } from './heartbeats.ts';
import type { LeaderRole, RaftState } from './state.ts';
import type { LogPlace, QuietGroup } from './types.ts';

/** Called at each tick. For an election timeout on end nothing may have happened: else groups would come and go all the time. */
export function tickQuiet(state: RaftState, role: LeaderRole): void {
  const { lastIndex } = state.log;
  const isQuiet = role.quietIndex === lastIndex && isSettled(state) && areAllSettled(state, role);
  role.quietIndex = lastIndex;
  role.quietTicks = isQuiet ? role.quietTicks + 1 : 0;
}

export function quietGroup(state: RaftState, role: LeaderRole): QuietGroup | undefined {
  const { config, term, log } = state;
  const { lastIndex: index } = log;
  if (role.quietTicks < config.electionTicks || role.quietIndex !== index) return undefined;
  if (!isSettled(state) || !areAllSettled(state, role)) return undefined;
  return { term, index, followers: [...role.followers.keys()] };
}

/** On a follower; like a heartbeat it is the word of its leader. False if there is something left to do here. */
export function quiesce(state: RaftState, leader: string, { term, index }: LogPlace): boolean {
  const isOurs = state.role.kind === 'follower' && state.leader === leader && state.term === term;
  if (!isOurs || state.log.lastIndex !== index || !isSettled(state)) return false;
  state.electionElapsed = 0;
  return true;
}

/** Ticks begin again. Its leader's node was silent in the last `silentTicks` of those that were missed. */
export function resume(state: RaftState, missedTicks: number, silentTicks: number): void {
  const { role, config } = state;
  state.nowTick += missedTicks;
  if (role.kind !== 'leader') {
    state.electionElapsed += silentTicks;
    return;
  }
  // Nobody was asked for an answer meanwhile: the window of CheckQuorum begins anew, with a round at the next tick.
  state.electionElapsed = 0;
  role.windowRound = role.round;
  role.heartbeatElapsed = config.heartbeatTicks - 1;
  role.quietTicks = 0;
}

/** All of the log is committed, durable and applied here, and nobody waits for anything. */
function isSettled(state: RaftState): boolean {
  const { log, commit, applied, durability, reads, configuration } = state;
  const isDone = commit === log.lastIndex && applied === commit;
  if (!isDone || durability.newestInFlight !== undefined) return false;
  return reads.isIdle && state.waitingSnapshot === undefined && !isJoint(configuration);
}

function areAllSettled({ log, commit }: RaftState, role: LeaderRole): boolean {
  const { followers, reads, transfer } = role;
  if (transfer !== undefined || reads.hasFresh || reads.isWaiting) return false;
  for (const progress of followers.values()) {
    const isThere = isLive(role, progress) && progress.isSettled(log.lastIndex, commit);
    if (!isThere) return false;
  }
  return true;
}
