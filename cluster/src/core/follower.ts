// What a follower does with its leader's appends and heartbeats (thesis 3.5), and with silence.

import { assert } from './assert.ts';
import { campaign, campaignAtOnce } from './candidate.ts';
import type { Entry } from './entry.ts';
import type { Append, Heartbeat, LeaderMessage, Message } from './messages.ts';
import type { RaftState } from './state.ts';

export function tickFollower(state: RaftState, mayCampaign: boolean): void {
  state.electionElapsed += 1;
  if (!state.isAlone && state.electionElapsed < state.electionTimeoutTicks) return;
  if (!state.mayCampaign()) {
    // Nobody waits for its vote to be asked; but it knows no leader to read from any more.
    state.setLeader(undefined);
    return;
  }
  if (!mayCampaign) return;
  state.electionElapsed = 0;
  if (!state.isDiskStalled()) campaign(state);
}

export function stepFollower(state: RaftState, message: Message): void {
  switch (message.kind) {
    case 'append':
      followLeader(state, message);
      handleAppend(state, message);
      return;
    case 'heartbeat':
      followLeader(state, message);
      handleHeartbeat(state, message);
      return;
    case 'timeoutNow':
      followLeader(state, message);
      if (state.mayCampaign() && !state.isDiskStalled()) campaignAtOnce(state);
      return;
    case 'snapshot':
    case 'preVoteRequest':
    case 'preVoteReply':
    case 'voteRequest':
    case 'voteReply':
    case 'appendAccepted':
    case 'appendRejected':
    case 'heartbeatReply':
    case 'readRequest':
    case 'readReply':
      // Requests for votes are answered in any role; replies here come late, to a role given up.
      return;
  }
}

export function followLeader(state: RaftState, message: LeaderMessage): void {
  assert(state.leader === undefined || state.leader === message.from, 'one leader in a term');
  state.electionElapsed = 0;
  state.setLeader(message.from);
}

function handleHeartbeat(state: RaftState, message: Heartbeat): void {
  if (message.commit > state.log.lastIndex) {
    // Its sender goes by what this node acknowledged to it in this very term: the disk lost some of it.
    state.refuse(message, 'lostAcknowledged');
    return;
  }
  state.commitTo(message.commit);
  state.send({
    kind: 'heartbeatReply',
    to: message.from,
    round: message.round,
  });
}

function handleAppend(state: RaftState, message: Append): void {
  const { log, rules } = state;
  const { from, previousIndex, previousTerm, entries } = message;
  if (previousIndex < state.commit) {
    // All that is committed agrees with any leader of this term; it may go on from there.
    const to = from;
    state.sendOnceDurable({
      kind: 'appendAccepted',
      to,
      matchIndex: state.commit,
    });
    return;
  }
  if (log.termAt(previousIndex) !== previousTerm) {
    reject(state, message);
    return;
  }
  const fault = faultOf(state, message);
  if (fault !== undefined) {
    state.refuse(message, fault);
    return;
  }

  const covered = previousIndex + entries.length;
  const conflict = rules.firstConflict(entries, (index) => log.termAt(index));
  if (conflict !== undefined) {
    if (conflict <= state.commit) {
      state.refuse(message, 'conflictsWithCommitted');
      return;
    }
    if (conflict <= log.lastIndex) {
      log.truncateFrom(conflict);
      state.durability.truncatedFrom(conflict);
    }
  }
  for (const entry of entries) if (entry.index > log.lastIndex) log.append(entry);
  state.commitTo(rules.followerCommit(message.commit, covered, log.lastIndex));
  state.sendOnceDurable({
    kind: 'appendAccepted',
    to: from,
    matchIndex: covered,
  });
}

function reject(state: RaftState, message: Append): void {
  const { from, previousIndex, previousTerm } = message;
  const hint = state.log.lastPossibleAgreement(previousIndex, previousTerm);
  state.send({
    kind: 'appendRejected',
    to: from,
    rejectedIndex: previousIndex,
    hintIndex: hint.index,
    hintTerm: hint.term,
  });
}

/** The entries must continue the log they follow, by their numbers and by their checksum chain. */
function faultOf(
  state: RaftState,
  message: Append,
): 'malformedEntries' | 'checksumChain' | undefined {
  let previous: Pick<Entry, 'index' | 'term' | 'entryTimeMs' | 'checksum'> = {
    index: message.previousIndex,
    term: message.previousTerm,
    entryTimeMs: state.log.timeAt(message.previousIndex),
    checksum: state.log.checksumAt(message.previousIndex),
  };
  for (const entry of message.entries) {
    const follows =
      entry.group === state.config.group &&
      entry.index === previous.index + 1 &&
      entry.term >= previous.term &&
      entry.term <= message.term &&
      entry.entryTimeMs >= previous.entryTimeMs &&
      (entry.kind === 'configuration') === (entry.configuration !== undefined);
    if (!follows) return 'malformedEntries';
    const expected = state.config.chainChecksum(previous.checksum, entry);
    if (entry.checksum !== expected) return 'checksumChain';
    const isOwn = state.log.termAt(entry.index) === entry.term;
    if (isOwn && state.log.checksumAt(entry.index) !== entry.checksum) return 'checksumChain';
    previous = entry;
  }
  return undefined;
}
