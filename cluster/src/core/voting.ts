// How any role answers a request for a vote or a pre-vote (thesis 3.4, 3.6.1, 9.6, 4.2.3).

import type { PreVoteRequest, VoteRequest } from './messages.ts';
import type { RaftState } from './state.ts';

/**
 * Called for requests of this term, and for pre-vote requests of a higher one. Whoever hears a
 * fresh leader does not answer a request of a higher term at all (CheckQuorum's lease).
 */
export function answerVoteRequest(state: RaftState, message: PreVoteRequest | VoteRequest): void {
  const { from, lastIndex, lastTerm } = message;
  const isCurrent = state.rules.isUpToDate({ index: lastIndex, term: lastTerm }, state.log.last);
  if (message.kind === 'preVoteRequest') {
    const granted = isCurrent && (message.term > state.term || mayVote(state, from));
    const term = granted ? message.term : state.term;
    state.send({ kind: 'preVoteReply', to: from, term, granted });
    if (granted) yieldTo(state, message);
    return;
  }
  const granted = isCurrent && mayVote(state, from);
  if (granted) {
    state.vote = from;
    state.electionElapsed = 0;
  }
  state.sendOnceDurable({ kind: 'voteReply', to: from, granted });
}

function mayVote(state: RaftState, candidate: string): boolean {
  if (!state.rules.mayVote(state.vote, candidate)) return false;
  return state.vote !== undefined || state.leader === undefined;
}

/**
 * Two that campaign for the same term at the same moment would both win their pre-votes, and split the votes. A pre-vote binds
 * nobody: the one with the lower id leaves the term to the other.
 */
function yieldTo(state: RaftState, { from, term }: PreVoteRequest): void {
  const isTie = state.role.kind === 'preCandidate' && term === state.term + 1;
  if (isTie && from > state.config.self) state.becomeFollower(state.term, undefined, 'yielded');
}
