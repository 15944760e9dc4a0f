// Changes of who takes part, on the leader (thesis chapter 4): whether one may begin, how a joint
// configuration ends, and what becomes of those who came or went. What a configuration means for
// votes, commits and reads is decided wherever these are counted, by the newest one in the log.

import { configurationEntry } from './appending.ts';
import {
  type ConfigurationChange,
  isJoint,
  leaveJoint,
  nextConfiguration,
  promotedBy,
} from './configuration.ts';
import type { Configuration, NodeId } from './entry.ts';
import { isLive } from './heartbeats.ts';
import { Progress } from './progress.ts';
import type { ConfigurationPlace } from './rules.ts';
import type { LeaderRole, RaftState } from './state.ts';
import type { ConfigurationRefusal, ProposeConfigurationResult } from './types.ts';

export function proposeConfigurationAsLeader(
  state: RaftState,
  role: LeaderRole,
  change: ConfigurationChange,
): ProposeConfigurationResult {
  const refusal = refusalOfNow(state, role);
  if (refusal !== undefined) return { ok: false, code: refusal };
  const present = state.log.configuration.configuration;
  const next = nextConfiguration(present, change);
  if (typeof next === 'string') return { ok: false, code: next };
  if (!areCaughtUp(state, role, promotedBy(present, change))) {
    return { ok: false, code: 'LEARNER_BEHIND' };
  }
  if (isJoint(next) && !keepsQuorum(state, role, next.voters)) {
    return { ok: false, code: 'QUORUM_AT_RISK' };
  }
  const { index, term } = append(state, role, next);
  return { ok: true, index, term };
}

/** Called once for each batch of output, before appends leave. */
export function advanceConfiguration(state: RaftState, role: LeaderRole): void {
  const place = placeOf(state);
  const { configuration } = place;
  if (!isJoint(configuration) || !state.rules.mayLeaveJoint(place)) return;
  // Whoever is to lead next must have all of the log; it leaves the joint configuration then.
  if (role.transfer !== undefined || !hasCommittedOwn(state)) return;
  append(state, role, leaveJoint(configuration));
}

/** Called once for each batch of output, after those who leave were told what is committed. */
export function dismiss(state: RaftState, role: LeaderRole): void {
  for (const node of role.followers.keys()) {
    if (!state.hasMember(node)) role.followers.delete(node);
  }
  if (!state.rules.mustStepDown(state.config.self, placeOf(state))) return;
  const successor = mostCurrentVoter(state, role);
  if (successor !== undefined) state.send({ kind: 'timeoutNow', to: successor });
  state.becomeFollower(state.term, undefined, 'removed');
}

function refusalOfNow(state: RaftState, role: LeaderRole): ConfigurationRefusal | undefined {
  if (role.transfer !== undefined) return 'TRANSFERRING';
  if (!hasCommittedOwn(state)) return 'LEADER_NOT_READY';
  return state.rules.maySucceed(placeOf(state)) ? undefined : 'CHANGE_UNDER_WAY';
}

function append(
  state: RaftState,
  role: LeaderRole,
  configuration: Configuration,
): { readonly index: number; readonly term: number } {
  const entry = configurationEntry(state, configuration);
  state.log.append(entry);
  for (const member of state.otherMembers) {
    if (role.followers.has(member)) continue;
    const { limits } = state.config;
    role.followers.set(member, new Progress(state.log.lastIndex + 1, limits, role.round));
  }
  return entry;
}

function areCaughtUp(state: RaftState, role: LeaderRole, learners: readonly NodeId[]): boolean {
  const { inflightAppendsMax } = state.config.limits;
  return learners.every((learner) => {
    const progress = role.followers.get(learner);
    if (progress === undefined) return false;
    return state.rules.isCaughtUp({
      matchIndex: progress.matchIndex,
      lastIndex: state.log.lastIndex,
      isLive: hasAnswered(role, progress),
      isReplicating: progress.state === 'replicate',
      inflightAppendsMax,
    });
  });
}

function keepsQuorum(state: RaftState, role: LeaderRole, voters: readonly NodeId[]): boolean {
  const live = voters.filter((voter) => {
    const progress = role.followers.get(voter);
    return voter === state.config.self || (progress !== undefined && hasAnswered(role, progress));
  });
  return state.rules.keepsQuorum(live.length, state.rules.quorumSize(voters.length));
}

/** A leader that is new does not yet know who is there. */
function hasAnswered(role: LeaderRole, progress: Progress): boolean {
  return progress.ackedRound > 0 && isLive(role, progress);
}

function hasCommittedOwn({ log, commit, term, rules }: RaftState): boolean {
  return rules.mayReconfigure(log.termAt(commit) ?? 0, term);
}

function placeOf({ log, commit }: RaftState): ConfigurationPlace {
  return { ...log.configuration, commit };
}

function mostCurrentVoter(state: RaftState, role: LeaderRole): NodeId | undefined {
  const matchOf = (voter: NodeId): number => role.followers.get(voter)?.matchIndex ?? 0;
  const voters = [...state.configuration.voters];
  return voters.sort((a, b) => matchOf(b) - matchOf(a))[0];
}
