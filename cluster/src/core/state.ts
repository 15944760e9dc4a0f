// The state every role shares, and the transitions that lead back to follower. The files by role
// (follower, candidate, leader) are functions over it; raft.ts is the only one who calls them all.

import { assert } from './assert.ts';
import { isMember, membersOf, votersOf } from './configuration.ts';
import { Durability } from './durability.ts';
import { ElectionTimeout } from './election-timeout.ts';
import type { Configuration, NodeId } from './entry.ts';
import type { LeaderReads } from './leader-reads.ts';
import { Log } from './log.ts';
import type { Message, PeerMessage, Snapshot } from './messages.ts';
import { OwnReads } from './own-reads.ts';
import type { Progress } from './progress.ts';
import { THESIS_RULES } from './rules.ts';
import type { HardState, RaftConfig, RaftEvent, Role, RoleChangeReason } from './types.ts';

export interface FollowerRole {
  readonly kind: 'follower';
}

export interface PreCandidateRole {
  readonly kind: 'preCandidate';
  readonly votes: Map<NodeId, boolean>;
}

export interface CandidateRole {
  readonly kind: 'candidate';
  readonly votes: Map<NodeId, boolean>;
}

export interface Transfer {
  readonly to: NodeId;
  elapsedTicks: number;
  isTold: boolean;
}

export interface LeaderRole {
  readonly kind: 'leader';
  readonly followers: Map<NodeId, Progress>;
  /** Of the last heartbeat sent. */
  round: number;
  /** The round at which the present CheckQuorum window began. */
  windowRound: number;
  /** The round at which the window before began: whoever has answered none since is not there. */
  liveRound: number;
  heartbeatElapsed: number;
  /** Of commands above the commit index. */
  uncommittedBytes: number;
  readonly reads: LeaderReads;
  /** No proposal is taken meanwhile. */
  transfer: Transfer | undefined;
  /** The end of the log at the last tick, and for how many of them nothing has happened. */
  quietIndex: number;
  quietTicks: number;
}

type RoleState = FollowerRole | PreCandidateRole | CandidateRole | LeaderRole;

type WithoutEnvelope<M> = M extends PeerMessage ? Omit<M, 'group' | 'from' | 'term'> : never;
/** A message without what the state fills in. */
export type Outgoing = WithoutEnvelope<PeerMessage> & { readonly term?: number };

export class RaftState {
  readonly config: RaftConfig;
  readonly rules = THESIS_RULES;
  readonly log: Log;
  readonly durability: Durability;
  readonly #timeouts: ElectionTimeout;

  role: RoleState = { kind: 'follower' };
  term: number;
  vote: NodeId | undefined;
  leader: NodeId | undefined;
  commit: number;
  applied: number;
  /** The last entry handed out to be applied. */
  handedToApply: number;
  /** Received while a page was being applied. */
  waitingSnapshot: Snapshot | undefined;
  nowTick = 0;
  /** Ticks since a leader was heard or a campaign began; on a leader, since the last quorum check. */
  electionElapsed = 0;
  electionTimeoutTicks: number;

  sendNow: PeerMessage[] = [];
  sendDurably: PeerMessage[] = [];
  events: RaftEvent[] = [];
  snapshotsFor: NodeId[] = [];
  readonly reads: OwnReads;

  constructor(config: RaftConfig) {
    assert(config.heartbeatTicks >= 1, 'heartbeatTicks is positive');
    assert(config.electionTicks > config.heartbeatTicks, 'heartbeats come within the timeout');
    this.config = config;
    this.log = new Log(config.group, config.log, config.chainChecksum, this.rules);
    const hardState: HardState = config.hardState ?? {
      term: 0,
      vote: undefined,
      commit: 0,
    };
    assert(hardState.term >= this.log.last.term, 'the term covers the log');
    this.term = hardState.term;
    this.vote = hardState.vote;
    this.applied = config.applied;
    this.handedToApply = config.applied;
    this.commit = Math.max(hardState.commit, config.applied);
    assert(this.commit <= this.log.lastIndex, 'what was committed is in the log');
    assert(this.applied >= this.log.firstIndex - 1, 'what was compacted is applied');
    this.durability = new Durability(hardState, this.log.lastIndex);
    this.reads = new OwnReads(config.electionTicks, config.limits.readsMax);
    this.#timeouts = new ElectionTimeout(config.electionTicks, config.seed);
    this.electionTimeoutTicks = this.#timeouts.draw();
  }

  /** Who takes part, from the moment that it is in the log on. */
  get configuration(): Configuration {
    return this.rules.inForce(this.log.configuration.configuration, this.committedConfiguration);
  }

  get committedConfiguration(): Configuration {
    return this.log.configurationAt(this.commit);
  }

  /** Those whose answers decide. */
  get majorities(): readonly (readonly NodeId[])[] {
    return this.rules.majorities(this.configuration);
  }

  get otherVoters(): readonly NodeId[] {
    return votersOf(this.configuration).filter((voter) => voter !== this.config.self);
  }

  /** Whoever leaves is one until that is committed, so that it can hear of it. */
  get otherMembers(): readonly NodeId[] {
    const members = [...membersOf(this.configuration), ...membersOf(this.committedConfiguration)];
    return [...new Set(members)].filter((member) => member !== this.config.self);
  }

  /** Whoever leaves takes part until that is committed. */
  hasMember(node: NodeId): boolean {
    return isMember(this.configuration, node) || isMember(this.committedConfiguration, node);
  }

  mayCampaign(): boolean {
    const { rules, config, configuration, committedConfiguration } = this;
    return rules.mayCampaign(config.self, configuration, committedConfiguration);
  }

  /** Leaves at once: it promises nothing that a crash could take back. */
  send(message: Outgoing): void {
    this.sendNow.push(this.#seal(message));
  }

  /** Leaves once everything decided so far is durable. */
  sendOnceDurable(message: Outgoing): void {
    this.sendDurably.push(this.#seal(message));
  }

  setRole(role: RoleState, reason: RoleChangeReason): void {
    const from: Role = this.role.kind;
    assert(from !== 'leader' || role.kind === 'follower', 'a leader only ever becomes a follower');
    this.role = role;
    this.electionElapsed = 0;
    this.electionTimeoutTicks = this.#timeouts.draw();
    if (from === role.kind) return;
    this.events.push({
      kind: 'roleChanged',
      from,
      to: role.kind,
      term: this.term,
      reason,
    });
  }

  setLeader(leader: NodeId | undefined): void {
    if (leader === this.leader) return;
    this.leader = leader;
    this.reads.failAsked();
    this.events.push({ kind: 'leaderChanged', term: this.term, leader });
  }

  setTerm(term: number, vote: NodeId | undefined): void {
    assert(term > this.term && Number.isSafeInteger(term), 'the term only rises');
    this.term = term;
    this.vote = vote;
    this.reads.failAsked();
  }

  becomeFollower(term: number, leader: NodeId | undefined, reason: RoleChangeReason): void {
    assert(term >= this.term, 'the term never falls');
    if (term > this.term) this.setTerm(term, undefined);
    this.setRole({ kind: 'follower' }, reason);
    this.setLeader(leader);
  }

  /** As if the shortest timeout had gone by: it campaigns within what is left of its own draw. */
  hurry(): void {
    this.electionElapsed = Math.max(this.electionElapsed, this.config.electionTicks);
  }

  commitTo(index: number): void {
    if (index <= this.commit) return;
    assert(index <= this.log.lastIndex, 'only what is in the log commits');
    this.commit = index;
  }

  /** A quiet leader within the timeout: elections would only disturb it (thesis 4.2.3). */
  hasFreshLeader(): boolean {
    return this.leader !== undefined && this.electionElapsed < this.config.electionTicks;
  }

  /** The only voter: nobody else could lead in its place. */
  get isAlone(): boolean {
    const { voters, outgoing } = this.configuration;
    const { self } = this.config;
    return voters.length === 1 && voters[0] === self && outgoing.every((voter) => voter === self);
  }

  /** A node whose disk hangs can promise nothing: it must neither lead for long nor campaign. */
  isDiskStalled(): boolean {
    return this.durability.stalledTicks(this.nowTick) >= this.config.electionTicks;
  }

  /** A leader that cannot write leaves the way free for another before it gives up by itself. */
  isDiskSlow(): boolean {
    return this.durability.stalledTicks(this.nowTick) * 2 >= this.config.electionTicks;
  }

  refuse(message: Message, reason: Extract<RaftEvent, { kind: 'messageRefused' }>['reason']): void {
    const { from, kind } = message;
    this.events.push({ kind: 'messageRefused', from, message: kind, reason });
  }

  #seal(message: Outgoing): PeerMessage {
    const { group, self } = this.config;
    // What is spread first is copied whole by V8, not field by field.
    return { ...message, term: message.term ?? this.term, group, from: self };
  }
}
