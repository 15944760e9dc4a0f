// What a leader does: replicate, commit, and prove to itself at every election timeout that a quorum
// still hears it (CheckQuorum, thesis 6.2).

import { commandEntry, noopEntry } from './appending.ts';
import { assert } from './assert.ts';
import { isMember } from './configuration.ts';
import type { Entry, NodeId } from './entry.ts';
import { answeredRound, sendHeartbeats } from './heartbeats.ts';
import { LeaderReads } from './leader-reads.ts';
import { entryBytes } from './log.ts';
import type { AppendAccepted, AppendRejected, HeartbeatReply, Message } from './messages.ts';
import { Progress } from './progress.ts';
import { tickQuiet } from './quiescence.ts';
import { agreedIndex } from './quorum.ts';
import { confirmReads } from './reading.ts';
import type { LeaderRole, RaftState } from './state.ts';
import { tickTransfer } from './transferring.ts';
import type { Proposal, ProposeResult } from './types.ts';

export function becomeLeader(state: RaftState): void {
  const { config, log } = state;
  const followers = new Map<NodeId, Progress>();
  for (const member of state.otherMembers) {
    followers.set(member, new Progress(log.lastIndex + 1, config.limits));
  }
  const role: LeaderRole = {
    kind: 'leader',
    followers,
    round: 0,
    windowRound: 0,
    liveRound: -1,
    heartbeatElapsed: state.nowTick % config.heartbeatTicks,
    reads: new LeaderReads(config.limits.readsMax),
    transfer: undefined,
    quietIndex: log.lastIndex,
    quietTicks: 0,
    uncommittedBytes: commandBytes(log.slice(state.commit + 1, log.lastIndex)),
  };
  state.setRole(role, 'electionWon');
  state.setLeader(config.self);
  // Commits with it, as soon as a quorum has it, all that earlier terms left (thesis 3.6.2, 6.4).
  log.append(noopEntry(state));
}

export function tickLeader(state: RaftState, role: LeaderRole): void {
  const { config } = state;
  if (state.isDiskStalled() && !state.isAlone) {
    state.becomeFollower(state.term, undefined, 'diskStalled');
    return;
  }
  state.electionElapsed += 1;
  if (state.electionElapsed >= config.electionTicks) {
    if (!isHeardByQuorum(state, role)) {
      state.becomeFollower(state.term, undefined, 'quorumLost');
      return;
    }
    state.electionElapsed = 0;
    role.liveRound = role.windowRound;
    role.windowRound = role.round;
  }
  tickTransfer(state, role);
  role.heartbeatElapsed += 1;
  if (role.heartbeatElapsed >= config.heartbeatTicks && !state.isDiskSlow()) {
    sendHeartbeats(state, role);
  }
  tickQuiet(state, role);
}

export function stepLeader(state: RaftState, role: LeaderRole, message: Message): void {
  const progress = role.followers.get(message.from);
  switch (message.kind) {
    case 'appendAccepted':
    case 'appendRejected':
    case 'heartbeatReply':
      // Of one that has left, nothing is wanted any more.
      if (progress !== undefined) handleAnswer(state, role, progress, message);
      return;
    case 'append':
    case 'snapshot':
    case 'timeoutNow':
    case 'heartbeat':
      assert(false, 'one leader in a term');
      return;
    case 'preVoteRequest':
    case 'preVoteReply':
    case 'voteRequest':
    case 'voteReply':
    case 'readRequest':
    case 'readReply':
      // Requests are answered in any role; votes that come now were not needed.
      return;
  }
}

function handleAnswer(
  state: RaftState,
  role: LeaderRole,
  progress: Progress,
  message: AppendAccepted | AppendRejected | HeartbeatReply,
): void {
  switch (message.kind) {
    case 'appendAccepted':
      handleAccepted(state, progress, message);
      return;
    case 'appendRejected':
      handleRejected(state, progress, message);
      return;
    case 'heartbeatReply':
      if (message.round > role.round) {
        state.refuse(message, 'impossibleIndex');
        return;
      }
      progress.heartbeatAnswered(message.round, state.log.lastIndex);
      confirmReads(state, role);
      return;
  }
}

export function proposeAsLeader(
  state: RaftState,
  role: LeaderRole,
  proposal: Proposal,
): ProposeResult {
  if (role.transfer !== undefined) return { ok: false, code: 'TRANSFERRING' };
  const entry = commandEntry(state, proposal);
  const bytes = entryBytes(entry);
  const isOverCap = role.uncommittedBytes + bytes > state.config.limits.uncommittedBytesMax;
  if (role.uncommittedBytes > 0 && isOverCap) return { ok: false, code: 'BUSY' };
  role.uncommittedBytes += bytes;
  state.log.append(entry);
  return { ok: true, index: entry.index, term: entry.term };
}

/** Called after each answer of a follower and of the own disk. */
export function advanceCommit(state: RaftState, role: LeaderRole): void {
  const { log, rules } = state;
  if (state.commit === log.lastIndex) return;
  const own = rules.leaderMatch(state.durability.durableIndex, log.lastIndex);
  const matchOf = (voter: NodeId): number =>
    voter === state.config.self ? own : (role.followers.get(voter)?.matchIndex ?? 0);
  const index = agreedIndex(state.majorities, matchOf, rules.quorumSize);
  const before = state.commit;
  if (index <= before || !rules.mayCommit(log.termAt(index) ?? 0, state.term)) return;
  role.uncommittedBytes -= commandBytes(log.slice(before + 1, index));
  assert(role.uncommittedBytes >= 0, 'uncommitted bytes are counted once');
  state.commitTo(index);
}

/** Called once for each batch of output, so that proposals of one turn travel together. */
export function sendAppends(state: RaftState, role: LeaderRole): void {
  const { log, commit } = state;
  const { appendBytesMax } = state.config.limits;
  for (const [to, progress] of role.followers) {
    // Ends: each round closes the window further, or was the last one.
    for (;;) {
      const wanted = progress.wants(log.lastIndex, commit);
      if (wanted === 'nothing') break;
      const previousIndex = progress.nextIndex - 1;
      const previousTerm = log.termAt(previousIndex);
      if (previousTerm === undefined || isFromNothing(state, to, previousIndex)) {
        assert(previousIndex < log.firstIndex, 'a follower goes on from within the log');
        startSnapshot(state, to, progress);
        break;
      }
      const entries =
        wanted === 'entries' ? log.page(progress.nextIndex, log.lastIndex, appendBytesMax) : [];
      state.send({
        kind: 'append',
        to,
        previousIndex,
        previousTerm,
        commit,
        entries,
      });
      const bytes = entries.reduce((sum, entry) => sum + entryBytes(entry), 0);
      progress.sent({ entries: entries.length, bytes, commit });
    }
  }
}

/** The log alone does not say who took part before its first configuration: a newcomer must be told. */
function isFromNothing({ log }: RaftState, to: NodeId, previousIndex: number): boolean {
  return previousIndex === 0 && !isMember(log.base.configuration, to);
}

/** Only for one that was heard: to others it would be streamed in vain. */
function startSnapshot(state: RaftState, to: NodeId, progress: Progress): void {
  if (!progress.isHeard || state.applied === 0) return;
  progress.awaitsSnapshot(state.applied);
  state.snapshotsFor.push(to);
}

function handleAccepted(state: RaftState, progress: Progress, message: AppendAccepted): void {
  if (message.matchIndex > state.log.lastIndex) {
    state.refuse(message, 'impossibleIndex');
    return;
  }
  progress.accepted(message.matchIndex, state.log.firstIndex);
}

function handleRejected(state: RaftState, progress: Progress, message: AppendRejected): void {
  const { rejectedIndex, hintIndex, hintTerm } = message;
  const agreement = state.log.lastPossibleAgreement(hintIndex, hintTerm);
  progress.rejected(rejectedIndex, agreement.index);
}

function isHeardByQuorum(state: RaftState, role: LeaderRole): boolean {
  return answeredRound(state, role, ({ heardRound }) => heardRound) > role.windowRound;
}

/** Empty entries are free: a leader at its cap must still be able to commit. */
function commandBytes(entries: readonly Entry[]): number {
  const commands = entries.filter((entry) => entry.kind === 'command');
  return commands.reduce((sum, entry) => sum + entryBytes(entry), 0);
}
