// Campaigns in two steps: a pre-vote, which costs nobody a term (thesis 9.6), then the election
// (thesis 3.4). The candidate's own vote counts only once it is durable.

import type { NodeId } from './entry.ts';
import { becomeLeader } from './leader.ts';
import type { Message } from './messages.ts';
import { type VoteResult, voteResult } from './quorum.ts';
import type { CandidateRole, PreCandidateRole, RaftState } from './state.ts';
import type { RoleChangeReason } from './types.ts';

export function campaign(state: RaftState): void {
  const role: PreCandidateRole = { kind: 'preCandidate', votes: new Map() };
  state.setRole(role, 'electionTimeout');
  state.setLeader(undefined);
  const { index: lastIndex, term: lastTerm } = state.log.last;
  for (const to of state.otherVoters) {
    state.send({
      kind: 'preVoteRequest',
      to,
      term: state.term + 1,
      lastIndex,
      lastTerm,
    });
  }
  countPreVote(state, role, state.config.self, true);
}

/** The leader wants it: no pre-vote, and no waiting for its lease to end. */
export function campaignAtOnce(state: RaftState): void {
  becomeCandidate(state, 'leadershipTransferred');
  countOwnVoteIfDurable(state);
}

export function tickCandidate(state: RaftState, mayCampaign: boolean): void {
  // Alone it waits for nobody but its disk, and a new term would only ask more of that.
  if (state.isAlone) return;
  state.electionElapsed += 1;
  if (state.electionElapsed < state.electionTimeoutTicks || !mayCampaign) return;
  if (state.isDiskStalled()) {
    state.becomeFollower(state.term, undefined, 'diskStalled');
    return;
  }
  campaign(state);
}

/** Appends and heartbeats do not come here: whoever hears a leader is a follower first. */
export function stepCandidate(
  state: RaftState,
  role: PreCandidateRole | CandidateRole,
  message: Message,
): void {
  if (message.kind === 'preVoteReply' && role.kind === 'preCandidate') {
    // A grant names the term campaigned for, a refusal the voter's own.
    if (message.granted && message.term !== state.term + 1) return;
    countPreVote(state, role, message.from, message.granted);
  } else if (message.kind === 'voteReply' && role.kind === 'candidate') {
    countVote(state, role, message.from, message.granted);
  }
}

/** Called after each acknowledgement of the disk. */
export function countOwnVoteIfDurable(state: RaftState): void {
  const { role, term } = state;
  const { self } = state.config;
  if (role.kind !== 'candidate' || role.votes.has(self)) return;
  if (state.durability.isVoteDurable(term, self)) countVote(state, role, self, true);
}

function becomeCandidate(state: RaftState, reason: RoleChangeReason): void {
  state.setTerm(state.term + 1, state.config.self);
  state.setRole({ kind: 'candidate', votes: new Map() }, reason);
  state.setLeader(undefined);
  const isTransfer = reason === 'leadershipTransferred';
  const { index: lastIndex, term: lastTerm } = state.log.last;
  // Others hear of the new term only when a crash can no longer take it back: else this node could
  // win the term with their votes, crash, and vote for another in it.
  for (const to of state.otherVoters) {
    state.sendOnceDurable({ kind: 'voteRequest', to, lastIndex, lastTerm, isTransfer });
  }
}

function countPreVote(
  state: RaftState,
  role: PreCandidateRole,
  from: NodeId,
  granted: boolean,
): void {
  const result = count(state, role, from, granted);
  if (result === 'won') becomeCandidate(state, 'preVoteWon');
  if (result === 'lost') state.becomeFollower(state.term, undefined, 'electionLost');
}

function countVote(state: RaftState, role: CandidateRole, from: NodeId, granted: boolean): void {
  const result = count(state, role, from, granted);
  if (result === 'won') becomeLeader(state);
  if (result !== 'lost') return;
  state.becomeFollower(state.term, undefined, 'electionLost');
  // The votes were split, or another one leads and will be heard long before: no reason to wait as long again.
  state.hurry();
}

/** The first answer of a voter stands. */
function count(
  state: RaftState,
  role: PreCandidateRole | CandidateRole,
  from: NodeId,
  granted: boolean,
): VoteResult {
  if (!role.votes.has(from)) role.votes.set(from, granted);
  return voteResult(state.majorities, role.votes, state.rules.quorumSize);
}
