// The door to the pure core: sorts every input by term and role, and gathers the output of all of
// them into one batch. No IO, clock, randomness or promise: the same inputs give the same outputs.

import { assert } from './assert.ts';
import { countOwnVoteIfDurable, stepCandidate, tickCandidate } from './candidate.ts';
import { compactLog } from './compaction.ts';
import type { ConfigurationChange } from './configuration.ts';
import type { Entry, NodeId } from './entry.ts';
import { stepFollower, tickFollower } from './follower.ts';
import { isLive } from './heartbeats.ts';
import { handleSnapshot, takeWaitingSnapshot } from './installing.ts';
import { advanceCommit, proposeAsLeader, sendAppends, stepLeader, tickLeader } from './leader.ts';
import type { Message } from './messages.ts';
import { quiesce, quietGroup, resume } from './quiescence.ts';
import { answerReadRequest, askForRead, handleReadReply, sendReadRound } from './reading.ts';
import { advanceConfiguration, dismiss, proposeConfigurationAsLeader } from './reconfiguring.ts';
import { type LeaderRole, RaftState } from './state.ts';
import { advanceTransfer, transferTo } from './transferring.ts';
import type {
  FollowerStatus,
  LogPlace,
  Proposal,
  ProposeConfigurationResult,
  ProposeResult,
  QuietGroup,
  Raft,
  RaftConfig,
  RaftStatus,
  ReadResult,
  Ready,
  Role,
} from './types.ts';
import { answerVoteRequest } from './voting.ts';

/** Restores one member of one group from what its disk holds. It starts as a follower. */
export function createRaft(config: RaftConfig): Raft {
  return new Member(new RaftState(config));
}

const NOBODY: readonly FollowerStatus[] = [];

/** What only the leader of a term sends in it. */
const LEADERS: ReadonlySet<Message['kind']> = new Set([
  'append',
  'snapshot',
  'heartbeat',
  'timeoutNow',
]);

/** Whoever leads or campaigns may take part by a configuration that is not in this log yet (thesis 4.1). */
const FROM_ANYONE: ReadonlySet<Message['kind']> = new Set([
  ...LEADERS,
  'preVoteRequest',
  'voteRequest',
  'readReply',
]);

class Member implements Raft {
  readonly #state: RaftState;

  constructor(state: RaftState) {
    this.#state = state;
  }

  get role(): Role {
    return this.#state.role.kind;
  }

  get term(): number {
    return this.#state.term;
  }

  get leader(): NodeId | undefined {
    return this.#state.leader;
  }

  get hasOutput(): boolean {
    const { sendNow, sendDurably, events, snapshotsFor, reads } = this.#state;
    const outputs = sendNow.length + sendDurably.length + events.length + snapshotsFor.length;
    return outputs > 0 || reads.hasFailed;
  }

  get quiet(): QuietGroup | undefined {
    const { role } = this.#state;
    return role.kind === 'leader' ? quietGroup(this.#state, role) : undefined;
  }

  quiesce(leader: NodeId, place: LogPlace): boolean {
    return quiesce(this.#state, leader, place);
  }

  resume(missedTicks: number, silentTicks: number): void {
    resume(this.#state, missedTicks, silentTicks);
  }

  tick(mayCampaign = true): void {
    const state = this.#state;
    const { role } = state;
    state.nowTick += 1;
    state.reads.failOlder(state.nowTick);
    switch (role.kind) {
      case 'follower':
        tickFollower(state, mayCampaign);
        return;
      case 'preCandidate':
      case 'candidate':
        tickCandidate(state, mayCampaign);
        return;
      case 'leader':
        tickLeader(state, role);
        return;
    }
  }

  step(message: Message): void {
    const state = this.#state;
    const { group, self } = state.config;
    const isOurs = message.group === group && message.to === self && message.from !== self;
    if (!isOurs || !isHeard(state, message)) return;
    if (message.term < state.term) {
      answerLowerTerm(state, message);
      return;
    }
    if (message.term > state.term && !admitHigherTerm(state, message)) return;
    switch (message.kind) {
      case 'preVoteRequest':
      case 'voteRequest':
        answerVoteRequest(state, message);
        return;
      case 'readRequest':
        answerReadRequest(state, message);
        return;
      case 'readReply':
        handleReadReply(state, message);
        return;
      default:
        this.#stepRole(message);
    }
  }

  propose(proposal: Proposal): ProposeResult {
    const { role, leader } = this.#state;
    if (role.kind !== 'leader') return { ok: false, code: 'NOT_LEADER', leader };
    return proposeAsLeader(this.#state, role, proposal);
  }

  proposeConfiguration(change: ConfigurationChange): ProposeConfigurationResult {
    const { role, leader } = this.#state;
    if (role.kind !== 'leader') return { ok: false, code: 'NOT_LEADER', leader };
    return proposeConfigurationAsLeader(this.#state, role, change);
  }

  readIndex(): ReadResult {
    return askForRead(this.#state);
  }

  transfer(to: NodeId): void {
    const { role } = this.#state;
    if (role.kind === 'leader') transferTo(this.#state, role, to);
  }

  persisted(done: { readonly batch: number; readonly term: number; readonly index: number }): void {
    const state = this.#state;
    state.durability.persisted(done);
    countOwnVoteIfDurable(state);
    if (state.role.kind === 'leader') advanceCommit(state, state.role);
  }

  applied(index: number): void {
    const state = this.#state;
    assert(index >= state.applied && index <= state.handedToApply, 'applied what was handed out');
    state.applied = index;
    compactLog(state);
    const snapshot = takeWaitingSnapshot(state);
    if (snapshot !== undefined) this.step(snapshot);
  }

  unreachable(node: NodeId): void {
    const { role } = this.#state;
    if (role.kind === 'leader') role.followers.get(node)?.unreachable();
  }

  connectionLost(node: NodeId): void {
    this.unreachable(node);
    const { role, leader } = this.#state;
    // Whoever still hears the leader refuses a pre-vote, and the leader's next word ends the doubt.
    if (role.kind === 'follower' && leader === node) this.#state.hurry();
  }

  snapshotEnded(node: NodeId, isReceived: boolean): void {
    const { role } = this.#state;
    if (role.kind === 'leader') role.followers.get(node)?.snapshotEnded(isReceived);
  }

  ready(): Ready | undefined {
    const state = this.#state;
    if (state.role.kind === 'leader') {
      advanceConfiguration(state, state.role);
      sendAppends(state, state.role);
      sendReadRound(state, state.role);
      advanceTransfer(state, state.role);
      dismiss(state, state.role);
    }
    const { term, vote, commit } = state;
    const persist = state.durability.nextBatch({ term, vote, commit }, state.log, state.nowTick);
    const apply = this.#nextPage();
    const reads = state.reads.takeApplied(state.applied);
    const failedReads = state.reads.takeFailed();
    const hasResults = apply.length + reads.length + failedReads.length > 0;
    if (persist === undefined && !hasResults && !this.hasOutput) return undefined;
    const { sendNow, sendDurably, snapshotsFor, events } = state;
    state.sendNow = [];
    state.sendDurably = [];
    state.snapshotsFor = [];
    state.events = [];
    const waitFor = state.durability.newestInFlight;
    if (waitFor === undefined) sendNow.push(...sendDurably);
    const hasPromises = waitFor !== undefined && sendDurably.length > 0;
    const sendAfter = hasPromises ? { batch: waitFor, messages: sendDurably } : undefined;
    return { persist, sendNow, sendAfter, apply, reads, failedReads, snapshotsFor, events };
  }

  status(): RaftStatus {
    const { role, term, vote, leader, commit, applied, log, durability } = this.#state;
    return {
      role: role.kind,
      term,
      vote,
      leader,
      commit,
      applied,
      firstIndex: log.firstIndex,
      lastIndex: log.lastIndex,
      durableIndex: durability.durableIndex,
      logBytes: log.bytes,
      configuration: log.configuration.configuration,
      configurationIndex: log.configuration.index,
      uncommittedBytes: role.kind === 'leader' ? role.uncommittedBytes : 0,
      transferTo: role.kind === 'leader' ? role.transfer?.to : undefined,
      followers: role.kind === 'leader' ? followersOf(role) : NOBODY,
    };
  }

  entries(from: number, to: number): readonly Entry[] {
    return this.#state.log.slice(from, to);
  }

  #stepRole(message: Message): void {
    const state = this.#state;
    const hearsLeader = LEADERS.has(message.kind);
    if (hearsLeader && (state.role.kind === 'preCandidate' || state.role.kind === 'candidate')) {
      state.becomeFollower(state.term, message.from, 'leaderHeard');
    }
    const { role } = state;
    switch (role.kind) {
      case 'follower':
        if (message.kind === 'snapshot') handleSnapshot(state, message);
        else stepFollower(state, message);
        return;
      case 'preCandidate':
      case 'candidate':
        stepCandidate(state, role, message);
        return;
      case 'leader':
        stepLeader(state, role, message);
        advanceCommit(state, role);
        return;
    }
  }

  /** One page at a time, and only of what a crash here cannot take back. */
  #nextPage(): readonly Entry[] {
    const state = this.#state;
    const { log, commit, durability, applied, config } = state;
    const to = Math.min(commit, durability.durableIndex);
    if (state.handedToApply > applied || to <= applied) return [];
    const page = log.page(applied + 1, to, config.limits.applyBytesMax);
    state.handedToApply = applied + page.length;
    return page;
  }
}

function isHeard(state: RaftState, { kind, from }: Message): boolean {
  return FROM_ANYONE.has(kind) || state.hasMember(from);
}

/** True if the message is to be handled, in the term this node is in then. */
function admitHigherTerm(state: RaftState, message: Message): boolean {
  switch (message.kind) {
    case 'preVoteRequest':
      return !state.hasFreshLeader();
    case 'preVoteReply':
      // A grant names a term that nobody is in yet.
      if (!message.granted) state.becomeFollower(message.term, undefined, 'higherTerm');
      return true;
    case 'voteRequest':
      if (state.hasFreshLeader() && !message.isTransfer) return false;
      state.becomeFollower(message.term, undefined, 'higherTerm');
      return true;
    case 'append':
    case 'snapshot':
    case 'timeoutNow':
    case 'heartbeat':
      state.becomeFollower(message.term, message.from, 'higherTerm');
      return true;
    case 'voteReply':
    case 'appendAccepted':
    case 'appendRejected':
    case 'heartbeatReply':
    case 'readRequest':
    case 'readReply':
      state.becomeFollower(message.term, undefined, 'higherTerm');
      return true;
  }
}

/**
 * The sender learns our term. Without an answer, a node that fell behind could neither win a vote
 * nor find out why, and a leader would never yield to one stuck in a higher term.
 */
function answerLowerTerm(state: RaftState, message: Message): void {
  const to = message.from;
  switch (message.kind) {
    case 'preVoteRequest':
      state.send({ kind: 'preVoteReply', to, granted: false });
      return;
    case 'voteRequest':
      state.send({ kind: 'voteReply', to, granted: false });
      return;
    case 'append': {
      const rejectedIndex = message.previousIndex;
      state.send({
        kind: 'appendRejected',
        to,
        rejectedIndex,
        hintIndex: 0,
        hintTerm: 0,
      });
      return;
    }
    case 'heartbeat':
      state.send({ kind: 'heartbeatReply', to, round: message.round });
      return;
    case 'readRequest': {
      const { boot, read } = message;
      state.send({ kind: 'readReply', to, boot, read, confirmed: false, index: 0 });
      return;
    }
    case 'snapshot':
      state.events.push({ kind: 'snapshotNotNeeded', index: message.base.index });
      return;
    case 'preVoteReply':
    case 'voteReply':
    case 'appendAccepted':
    case 'appendRejected':
    case 'heartbeatReply':
    case 'readReply':
    case 'timeoutNow':
      return;
  }
}

function followersOf(role: LeaderRole): readonly FollowerStatus[] {
  const statuses: FollowerStatus[] = [];
  for (const [node, progress] of role.followers) {
    statuses.push({
      node,
      matchIndex: progress.matchIndex,
      nextIndex: progress.nextIndex,
      state: progress.state,
      inflightAppends: progress.inflightAppends,
      inflightBytes: progress.inflightBytes,
      isLive: isLive(role, progress),
    });
  }
  return statuses;
}
