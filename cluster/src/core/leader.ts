// What a leader does: replicate, commit, and prove to itself at every election timeout that a quorum
// still hears it (CheckQuorum, thesis 6.2).

import { assert } from './assert.ts';
import type { Entry, EntryContent, NodeId } from './entry.ts';
import { sendHeartbeats } from './heartbeats.ts';
import { LeaderReads } from './leader-reads.ts';
import { entryBytes } from './log.ts';
import type { AppendAccepted, AppendRejected, Message } from './messages.ts';
import { Progress } from './progress.ts';
import { quorumIndex } from './quorum.ts';
import { confirmReads } from './reading.ts';
import type { LeaderRole, RaftState } from './state.ts';
import { tickTransfer } from './transferring.ts';
import type { Proposal, ProposeResult } from './types.ts';

export function becomeLeader(state: RaftState): void {
  const { config, log } = state;
  const followers = new Map<NodeId, Progress>();
  for (const peer of state.peers) {
    followers.set(peer, new Progress(log.lastIndex + 1, config.limits));
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
    uncommittedBytes: commandBytes(log.slice(state.commit + 1, log.lastIndex)),
  };
  state.setRole(role, 'electionWon');
  state.setLeader(config.self);
  // Commits with it, as soon as a quorum has it, all that earlier terms left (thesis 3.6.2, 6.4).
  const command = new Uint8Array(0);
  log.append(
    afterLast(state, {
      kind: 'noop',
      ruleVersion: 0,
      entryTimeMs: 0,
      tableEpoch: 0,
      command,
    }),
  );
}

export function tickLeader(state: RaftState, role: LeaderRole): void {
  const { config } = state;
  if (state.isAlone) return;
  if (state.isDiskStalled()) {
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
}

export function stepLeader(state: RaftState, role: LeaderRole, message: Message): void {
  const progress = role.followers.get(message.from);
  assert(progress !== undefined, 'every other voter has a progress');
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

export function proposeAsLeader(
  state: RaftState,
  role: LeaderRole,
  proposal: Proposal,
): ProposeResult {
  if (role.transfer !== undefined) return { ok: false, code: 'TRANSFERRING' };
  const { command, entryTimeMs, ruleVersion, tableEpoch } = proposal;
  const content = { ruleVersion, entryTimeMs, tableEpoch, command };
  const entry = afterLast(state, { kind: 'command', ...content });
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
  const matches = [own, ...Array.from(role.followers.values(), (follower) => follower.matchIndex)];
  const index = quorumIndex(matches, state.quorum);
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
      if (previousTerm === undefined) {
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

/** Only for one that was heard: to others it would be streamed in vain. */
function startSnapshot(state: RaftState, to: NodeId, progress: Progress): void {
  if (!progress.isHeard) return;
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
  const rounds = Array.from(role.followers.values(), (follower) => follower.ackedRound);
  return quorumIndex([Number.POSITIVE_INFINITY, ...rounds], state.quorum) > role.windowRound;
}

/** Empty entries are free: a leader at its cap must still be able to commit. */
function commandBytes(entries: readonly Entry[]): number {
  const commands = entries.filter((entry) => entry.kind === 'command');
  return commands.reduce((sum, entry) => sum + entryBytes(entry), 0);
}

function afterLast(state: RaftState, what: Omit<EntryContent, 'group' | 'index' | 'term'>): Entry {
  const { log, config } = state;
  const index = log.lastIndex + 1;
  const entryTimeMs = Math.max(what.entryTimeMs, log.lastEntryTimeMs);
  const content = {
    ...what,
    group: config.group,
    index,
    term: state.term,
    entryTimeMs,
  };
  return {
    ...content,
    checksum: config.chainChecksum(log.checksumAt(log.lastIndex), content),
  };
}
