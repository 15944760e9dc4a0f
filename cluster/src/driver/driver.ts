// Drives all groups of the process: one tick wheel, one outgoing bundle per peer and turn. Inputs are
// handed to the cores as they come, and what the cores want done is carried out at the end of the
// same turn, never at the next tick. A group where nothing happens is asked nothing at all.

import type { PeerMessage } from '../core/messages.ts';
import type { RaftEvent } from '../core/types.ts';
import { FRAME_KIND, type FrameKind, type PeerFrame } from '../format/peer-frame.ts';
import {
  encodeProposal,
  type ForwardedProposal,
  type ProposalAnswer,
} from '../format/peer-payload.ts';
import {
  encodeSnapshotAnswer,
  encodeSnapshotChunk,
  type SnapshotAnswer,
} from '../format/snapshot-payload.ts';
import { NodeError } from '../node-error.ts';
import type { ClusterLogger } from '../options.ts';
import { PacedLog } from '../paced-log.ts';
import type { SessionTable } from '../sessions/session-table.ts';
import type { SnapshotRows } from '../store/snapshot-rows.ts';
import type { AppliedEntry } from './apply-commands.ts';
import type { Clock } from './clock.ts';
import { ClockGuard } from './clock-guard.ts';
import { CurrentReads } from './current-reads.ts';
import type { LeaderView } from './delivery.ts';
import { FrameReceiver } from './frame-receiver.ts';
import { GroupHistories } from './group-history.ts';
import type { GroupMember, MemberHooks } from './group-member.ts';
import { Handover } from './handover.ts';
import { Outbox } from './outbox.ts';
import { Quiescence } from './quiescence.ts';
import { type NodesView, Reconciler } from './reconciler.ts';
import { SharedTimer } from './shared-timer.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { Submissions } from './submissions.ts';
import { TickWheel } from './tick-wheel.ts';

export interface DriverPorts {
  readonly self: string;
  readonly clock: Clock;
  readonly logger: ClusterLogger;
  readonly clientId: Uint8Array;
  readonly ruleVersion: number;
  readonly tableEpoch: number;
  readonly tickMs: number;
  readonly heartbeatTicks: number;
  readonly electionTicks: number;
  readonly snapshotChunkBytes?: number | undefined;
  /** False when the peer is away or its queue is full. */
  send(nodeId: string, kind: FrameKind, payload: Uint8Array): boolean;
  /** Reads of this node see it. */
  applied(entries: readonly AppliedEntry[]): void;
  /** The group's state as it is on the disk. */
  snapshotRows(group: number): Promise<SnapshotRows>;
  /** A snapshot took the place of the group's rows. */
  replaced(group: number): void;
  leadership(group: number, leader: boolean): void;
  /** Which nodes groups are to have. */
  nodes(): NodesView;
  /** No group has this node any more. */
  departed(nodeId: string): void;
  fatal(error: unknown): void;
}

/**
 * What a node whose clock cannot be trusted keeps to itself: as a leader it hands over where a follower has
 * all of the log, and falls silent, so that another one takes over; and it does not campaign. It goes on to vote and to follow: the others may need it.
 */
const LEADING: ReadonlySet<PeerMessage['kind']> = new Set([
  'append',
  'heartbeat',
  'preVoteRequest',
  'voteRequest',
]);

const NO_GROUP: LeaderView = { term: 0, leader: undefined };

export class Driver implements MemberHooks {
  readonly submissions: Submissions;
  readonly reads: CurrentReads;
  readonly history: GroupHistories;
  readonly #ports: DriverPorts;
  readonly #members = new Map<number, GroupMember>();
  /** Their cores may have more to do in this turn. */
  readonly #due = new Set<number>();
  readonly #quiescence: Quiescence;
  readonly #outbox: Outbox;
  readonly #wheel: TickWheel;
  readonly #timer: SharedTimer;
  readonly #snapshots: SnapshotSender;
  readonly #receiver: FrameReceiver;
  readonly #reconciler: Reconciler;
  readonly #handover = new Handover(this.#members, (group) => this.wake(group));
  readonly #guard = new ClockGuard();
  readonly #log: PacedLog;
  #suspicious = false;
  #scheduled = false;
  #stopped = false;

  constructor(ports: DriverPorts) {
    this.#ports = ports;
    const { clock, logger } = ports;
    this.history = new GroupHistories(ports.self, () => clock.nowMs());
    this.#timer = new SharedTimer(clock);
    this.reads = new CurrentReads(this.#timer.after, (group) => this.wake(group));
    this.#log = new PacedLog(logger, () => clock.monotonicMs());
    this.#quiescence = new Quiescence(this.#members, {
      ...ports,
      send: (nodeId, payload) => ports.send(nodeId, FRAME_KIND.quiet, payload),
    });
    this.#wheel = new TickWheel({ ...ports, tick: (mayCampaign) => this.#tick(mayCampaign) });
    this.#reconciler = new Reconciler(this.#members, {
      ...ports,
      wake: (group) => this.wake(group),
    });
    this.#outbox = new Outbox({
      after: clock.after,
      due: () => this.#schedule(),
      send: (nodeId, bundle) => ports.send(nodeId, FRAME_KIND.raft, bundle),
      dropped: (group, nodeId) => this.#members.get(group)?.raft.unreachable(nodeId),
    });
    this.#snapshots = new SnapshotSender({
      chunkBytes: ports.snapshotChunkBytes,
      open: ports.snapshotRows,
      send: (nodeId, chunk) =>
        ports.send(nodeId, FRAME_KIND.snapshotChunk, encodeSnapshotChunk(chunk)),
      ended: (group, nodeId, isReceived) => {
        if (isReceived) this.history.snapshot(group);
        this.#members.get(group)?.raft.snapshotEnded(nodeId, isReceived);
        this.wake(group);
      },
      fatal: (error) => this.fatal(error),
    });
    this.submissions = new Submissions({
      ...ports,
      after: this.#timer.after,
      view: (group) => this.view(group),
      propose: (proposal) => this.#propose(proposal),
      forward: (leader, proposal) =>
        ports.send(leader, FRAME_KIND.proposal, encodeProposal(proposal)),
    });
    this.#receiver = new FrameReceiver({
      self: ports.self,
      members: this.#members,
      submissions: this.submissions,
      snapshots: this.#snapshots,
      quiescence: this.#quiescence,
      log: this.#log,
      send: (nodeId, kind, payload) => ports.send(nodeId, kind, payload),
      propose: (proposal, from) => this.#propose(proposal, from),
      wake: (group) => this.wake(group),
      drain: (group) => this.#drain(group),
    });
  }

  start(members: readonly GroupMember[]): void {
    for (const member of members) this.#members.set(member.group, member);
    this.#quiescence.start();
    this.#wheel.start();
  }

  /** loopLagMs: the longest that the event loop was late within the last 10 to 20 s. */
  get health(): { readonly loopLagMs: number; readonly isClockOff: boolean } {
    return { loopLagMs: this.#wheel.lagMs, isClockOff: this.#suspicious };
  }

  /** Nothing happens in the group, here and on all of its nodes: it is not ticked. */
  isResting(group: number): boolean {
    return this.#quiescence.isResting(group);
  }

  /**
   * Hands every group that this node leads to the follower that is furthest, so that nobody waits for an
   * election when it stops. Resolves when that is done, or has failed.
   */
  async handOver(): Promise<void> {
    if (!this.#stopped) await this.#handover.finish();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#handover.end();
    this.#wheel.stop();
    this.#outbox.stop();
    this.submissions.stop();
    this.reads.stop();
    this.#timer.stop();
    this.#snapshots.stop();
    await Promise.all([...this.#members.values()].map((member) => member.stop()));
  }

  member(group: number): GroupMember | undefined {
    return this.#members.get(group);
  }

  view(group: number): LeaderView {
    return this.#members.get(group)?.raft ?? NO_GROUP;
  }

  received(frame: PeerFrame): void {
    if (this.#stopped) return;
    const { clock } = this.#ports;
    this.#guard.observe(frame.sender, frame.clockMs, clock.nowMs(), clock.monotonicMs());
    this.#quiescence.heard(frame.sender);
    try {
      this.#receiver.received(frame);
    } catch (error) {
      this.fatal(error);
    }
  }

  peerConnected(): void {
    if (!this.#stopped) this.submissions.retry();
  }

  /** What was on its way to or from the peer may be lost. */
  peerLost(nodeId: string): void {
    if (this.#stopped) return;
    this.submissions.disconnected(nodeId);
    this.#outbox.lost(nodeId);
    this.#quiescence.lost(nodeId);
    for (const member of this.#members.values()) {
      member.raft.connectionLost(nodeId);
      this.wake(member.group);
    }
  }

  wake(group: number): void {
    this.#quiescence.rouse(group);
    this.#drain(group);
  }

  send(message: PeerMessage): void {
    if (this.#suspicious && LEADING.has(message.kind)) return;
    this.#outbox.add(message);
    this.#schedule();
  }

  applied(entries: readonly AppliedEntry[]): void {
    for (const entry of entries) this.submissions.applied(entry);
    this.#ports.applied(entries);
  }

  sendSnapshot(group: number, to: string): void {
    const { term } = this.view(group);
    this.#ports.logger.info({ group, node: to, term }, 'a follower needs a snapshot');
    this.#snapshots.want(group, to, term);
  }

  answerSnapshot(to: string, answer: SnapshotAnswer): void {
    this.#ports.send(to, FRAME_KIND.snapshotAnswer, encodeSnapshotAnswer(answer));
  }

  skipped(group: number, sessions: SessionTable): void {
    this.submissions.skipped(group, sessions);
  }

  replaced(group: number): void {
    this.#ports.logger.info({ group }, 'a snapshot was installed');
    this.history.snapshot(group);
    this.#ports.replaced(group);
  }

  readConfirmed(group: number, read: number): void {
    this.reads.confirmed(group, read);
  }

  readFailed(group: number, read: number): void {
    this.reads.failed(group, read);
  }

  compacted(group: number): void {
    this.history.compacted(group);
  }

  event(group: number, event: RaftEvent): void {
    const { logger, self } = this.#ports;
    this.history.note(group, event);
    switch (event.kind) {
      case 'roleChanged':
        logger.debug({ group, ...event }, 'role changed');
        if (event.to === 'leader') this.#ports.leadership(group, true);
        else if (event.from === 'leader') {
          this.#snapshots.abandon(group);
          this.#ports.leadership(group, false);
          this.#handover.check();
        }
        // One disk for all: the groups that do not wait for it yet would find out one by one.
        if (event.from === 'leader' && event.reason === 'diskStalled') this.#handover.transferAll();
        return;
      case 'leaderChanged': {
        const { term, leader } = event;
        logger.debug({ group, term, leader, here: leader === self }, 'leader changed');
        if (leader === undefined) return;
        this.submissions.retry(group);
        this.wake(group);
        return;
      }
      case 'snapshotNotNeeded':
        return;
      case 'messageRefused':
        this.#log.warn(event.reason, { group, ...event }, 'a raft message was refused');
        if (event.reason === 'lostAcknowledged') {
          this.fatal(new NodeError('STORE_BEHIND', `Group ${group} lost what it acknowledged.`));
        }
        return;
    }
  }

  fatal(error: unknown): void {
    this.#ports.fatal(error);
  }

  #tick(mayCampaign: boolean): void {
    this.#judgeClock();
    for (const { raft, group } of this.#quiescence.awake) {
      raft.tick(mayCampaign);
      if (raft.hasOutput) this.#drain(group);
    }
    this.#quiescence.tick();
    this.reads.wakeWaiting();
    this.submissions.retry();
    this.#snapshots.tick();
    this.#reconciler.tick();
    this.#handover.check();
  }

  #judgeClock(): void {
    const wasSuspicious = this.#suspicious;
    this.#suspicious = this.#guard.suspicious(this.#ports.clock.monotonicMs());
    if (this.#suspicious === wasSuspicious) return;
    this.#quiescence.mayLead(!this.#suspicious);
    const { logger } = this.#ports;
    if (this.#suspicious) {
      logger.error({}, 'this clock is seconds off the other nodes; check NTP');
      this.#handover.transferAll();
    } else logger.info({}, 'this clock agrees with the other nodes again');
  }

  #drain(group: number): void {
    this.#due.add(group);
    this.#schedule();
  }

  /** A turn takes along all that comes until it ends. */
  #schedule(): void {
    if (this.#scheduled || this.#stopped) return;
    this.#scheduled = true;
    this.#ports.clock.soon(() => this.#turn());
  }

  #turn(): void {
    if (this.#stopped) return;
    try {
      const due = [...this.#due];
      this.#due.clear();
      for (const group of due) {
        const member = this.#members.get(group);
        if (member === undefined) continue;
        this.reads.ask(group, member.raft);
        member.drain();
      }
      this.#outbox.flush();
    } catch (error) {
      this.fatal(error);
    }
    this.#scheduled = false;
    // What came up in this turn has one of its own: other inputs may come in between.
    if (this.#due.size > 0) this.#schedule();
  }

  #propose(proposal: ForwardedProposal, from?: string): ProposalAnswer {
    const { group, command, ruleVersion, tableEpoch } = proposal;
    const member = this.#members.get(group);
    if (member?.raft.role !== 'leader') return 'notLeader';
    if (this.#suspicious) return 'busy';
    const entryTimeMs = this.#ports.clock.nowMs();
    const result = member.raft.propose({ command, entryTimeMs, ruleVersion, tableEpoch });
    this.wake(group);
    if (!result.ok) return result.code === 'NOT_LEADER' ? 'notLeader' : 'busy';
    if (from !== undefined) this.#outbox.awaits(from, group, result.index);
    return 'appended';
  }
}
