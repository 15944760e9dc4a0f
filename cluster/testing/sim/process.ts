// One simulated process: the thinnest driver around the real core. It lives as long as its disk;
// the core inside it comes and goes with crashes.

import type { ConfigurationChange } from '../../src/core/configuration.ts';
import type { Entry, NodeId } from '../../src/core/entry.ts';
import type { PeerMessage, Snapshot } from '../../src/core/messages.ts';
import { createRaft } from '../../src/core/raft.ts';
import type {
  ConfirmedRead,
  Proposal,
  ProposeConfigurationResult,
  ProposeResult,
  Raft,
  RaftEvent,
  RaftStatus,
  ReadResult,
  Ready,
} from '../../src/core/types.ts';
import { chainChecksum } from './chain-checksum.ts';
import type { CoverageCounter } from './coverage.ts';
import { SimDisk, type SimState } from './disk.ts';
import type { EventQueue } from './event-queue.ts';
import type { Random } from './random.ts';
import type { Swarm } from './swarm.ts';
import { check } from './violation.ts';

const BATCHES_IN_FLIGHT_MAX = 3;
/** A paused process finds at most this much waiting. */
const INBOX_MAX = 500;

export type SimMessage = PeerMessage | (Snapshot & { readonly state: SimState });

export interface ProcessHost {
  readonly swarm: Swarm;
  readonly queue: EventQueue;
  readonly coverage: CoverageCounter;
  /** A snapshot's content travels beside the message that the core knows. */
  send(from: SimProcess, message: SimMessage): void;
  installed(process: SimProcess): void;
  /** Before the core handles it. */
  received(process: SimProcess, message: SimMessage): void;
  /** After each input the core has handled. */
  handled(process: SimProcess): void;
  /** After a tick, which is handled like any input before. */
  ticked(process: SimProcess): void;
  apply(process: SimProcess, entries: readonly Entry[]): void;
  readConfirmed(process: SimProcess, read: ConfirmedRead): void;
  readFailed(process: SimProcess, read: number): void;
  leaderElected(process: SimProcess): void;
  /** It was told that what it sent to a node may be lost. */
  lostConnection(process: SimProcess, node: NodeId): void;
}

export class SimProcess {
  readonly id: NodeId;
  readonly disk: SimDisk;
  /** What its disk held at first. */
  readonly first: SimState;
  readonly #host: ProcessHost;
  readonly #random: Random;
  readonly #inbox: SimMessage[] = [];
  readonly #onResume: (() => void)[] = [];
  /** Snapshots that have arrived in this life, by index. */
  readonly #received = new Map<number, SimState>();
  #held: { readonly batch: number; readonly messages: readonly PeerMessage[] }[] = [];
  #raft: Raft | undefined;
  /** Until the next input or output. */
  #status: RaftStatus | undefined;
  #life = 0;
  #readableIndex = 0;
  #isPaused = false;
  #diskFreeAtMs = 0;
  #clockRate = 1;
  #clockOffsetMs = 0;
  #hasDiskFaults = true;

  constructor(id: NodeId, first: SimState, host: ProcessHost, random: Random) {
    this.id = id;
    this.first = first;
    this.disk = new SimDisk(first);
    this.#host = host;
    this.#random = random;
    this.#clockRate = 1 + random.rate(-1, 1) * host.swarm.clockDrift;
    if (host.swarm.clockDrift > 0) host.coverage.count('K1');
  }

  get raft(): Raft | undefined {
    return this.#raft;
  }

  get status(): RaftStatus | undefined {
    this.#status ??= this.#raft?.status();
    return this.#status;
  }

  /** Counts starts: what was true in one life may be forgotten in the next. */
  get life(): number {
    return this.#life;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** What local reads show: a snapshot from the moment that its batch is on its way. */
  get readableIndex(): number {
    return this.#readableIndex;
  }

  get clockMs(): number {
    return Math.max(0, Math.floor(this.#host.queue.nowMs * this.#clockRate + this.#clockOffsetMs));
  }

  start(): void {
    const { swarm } = this.#host;
    this.#life += 1;
    this.#isPaused = false;
    this.#diskFreeAtMs = 0;
    const config = {
      group: 1,
      self: this.id,
      boot: this.#life,
      electionTicks: swarm.electionTicks,
      heartbeatTicks: swarm.heartbeatTicks,
      seed: this.#random.next(),
      chainChecksum,
      hardState: this.disk.hardState,
      log: this.disk.log,
      applied: this.disk.appliedIndex,
      limits: swarm.limits,
    };
    this.#readableIndex = this.disk.appliedIndex;
    this.#raft = createRaft(config);
    this.#handled();
    const { nowMs } = this.#host.queue;
    const inStepMs = swarm.tickMs - (nowMs % swarm.tickMs);
    this.#tickLater(this.#life, swarm.isInStep ? inStepMs : this.#random.rate(0, swarm.tickMs));
  }

  crash(): void {
    const { coverage } = this.#host;
    const lost = this.disk.crash(this.#random.between(0, this.disk.batchesInFlight));
    if (lost > 0) coverage.count('D1');
    this.#raft = undefined;
    this.#status = undefined;
    this.#inbox.length = 0;
    this.#onResume.length = 0;
    this.#received.clear();
    this.#held = [];
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    for (const run of this.#onResume.splice(0)) run();
    for (const message of this.#inbox.splice(0)) this.receive(message);
  }

  jumpClock(byMs: number): void {
    this.#clockOffsetMs += byMs;
  }

  healDisk(): void {
    this.#hasDiskFaults = false;
  }

  receive(message: SimMessage): void {
    if (this.#raft === undefined) return;
    if (this.#isPaused) {
      if (this.#inbox.length < INBOX_MAX) this.#inbox.push(message);
      return;
    }
    if (message.kind === 'snapshot') this.#received.set(message.base.index, message.state);
    this.#host.received(this, message);
    this.#raft.step(message);
    this.#handled();
    this.#drainSoon();
  }

  transfer(to: NodeId): void {
    if (this.#raft === undefined || this.#isPaused) return;
    this.#raft.transfer(to);
    this.#handled();
    this.#drainSoon();
  }

  change(change: ConfigurationChange): ProposeConfigurationResult | undefined {
    if (this.#raft === undefined || this.#isPaused) return undefined;
    const result = this.#raft.proposeConfiguration(change);
    this.#handled();
    this.#drainSoon();
    return result;
  }

  unreachable(node: NodeId): void {
    if (this.#raft === undefined) return;
    // What it decided before is looked at before.
    this.#handled();
    this.#raft.unreachable(node);
    this.#host.lostConnection(this, node);
    this.#status = undefined;
  }

  propose(proposal: Omit<Proposal, 'entryTimeMs'>): ProposeResult | undefined {
    if (this.#raft === undefined || this.#isPaused) return undefined;
    const result = this.#raft.propose({ ...proposal, entryTimeMs: this.clockMs });
    this.#handled();
    this.#drainSoon();
    return result;
  }

  /** The read may end before this returns, but not before the caller was told its number. */
  readIndex(taken: (result: ReadResult) => void): void {
    if (this.#raft === undefined || this.#isPaused) return;
    taken(this.#raft.readIndex());
    this.#handled();
    this.#drainSoon();
  }

  #handled(): void {
    this.#status = undefined;
    this.#host.handled(this);
  }

  #tickLater(life: number, delayMs: number): void {
    this.#host.queue.after(delayMs, () => {
      if (this.#life !== life || this.#raft === undefined) return;
      if (!this.#isPaused) {
        this.#raft.tick();
        this.#handled();
        this.#host.ticked(this);
        this.#drain();
      }
      this.#tickLater(life, this.#host.swarm.tickMs / this.#clockRate);
    });
  }

  /** A real driver takes the output once per turn, after several inputs. */
  #drainSoon(): void {
    const { lateDrain } = this.#host.swarm;
    if (lateDrain === 0 || !this.#random.chance(lateDrain)) this.#drain();
  }

  #drain(): void {
    while (this.#raft !== undefined && this.disk.batchesInFlight < BATCHES_IN_FLIGHT_MAX) {
      const ready = this.#raft.ready();
      // A leader that has nothing to say may have dismissed somebody.
      if (ready !== undefined || this.#raft.role === 'leader') this.#status = undefined;
      if (ready === undefined) return;
      this.#carryOut(ready);
    }
  }

  #carryOut(ready: Ready): void {
    for (const event of ready.events) this.#noteEvent(event);
    for (const message of ready.sendNow) this.#host.send(this, message);
    for (const to of ready.snapshotsFor) this.#sendSnapshot(to);
    if (ready.persist !== undefined) this.#write(ready.persist);
    for (const read of ready.reads) this.#host.readConfirmed(this, read);
    for (const read of ready.failedReads) this.#host.readFailed(this, read);
    if (ready.sendAfter !== undefined) {
      this.#held.push(ready.sendAfter);
    }
    if (ready.apply.length > 0) this.#applyLater(this.#life, ready.apply);
  }

  /** It is lost like any message; what the sender is told of its end may be right or wrong. */
  #sendSnapshot(to: NodeId): void {
    const { swarm, queue, coverage } = this.#host;
    const life = this.#life;
    const term = this.#raft?.term ?? 0;
    const { state } = this.disk;
    coverage.count('raft.snapshotSent');
    coverage.count('O4');
    const takesMs = this.#random.exponential(swarm.snapshotMs);
    queue.after(takesMs, () => {
      this.#whenAwake(life, () => {
        const { base } = state;
        this.#host.send(this, { kind: 'snapshot', group: 1, from: this.id, to, term, base, state });
      });
    });
    queue.after(takesMs + this.#random.exponential(swarm.snapshotMs), () => {
      this.#whenAwake(life, () => {
        this.#raft?.snapshotEnded(to, this.#random.chance(0.7));
        this.#handled();
        this.#drain();
      });
    });
  }

  #write(batch: NonNullable<Ready['persist']>): void {
    const { swarm, queue, coverage } = this.#host;
    const { snapshot } = batch;
    this.disk.write(batch, snapshot && this.#received.get(snapshot.index));
    if (snapshot !== undefined) this.#readableIndex = snapshot.index;
    if (batch.compactTo !== undefined) coverage.count('raft.compacted');
    if (batch.truncateFrom !== undefined) coverage.count('raft.truncated');
    const { meanMs } = swarm.disk;
    let takesMs = swarm.isInStep ? meanMs : this.#random.exponential(meanMs);
    if (this.#hasDiskFaults && swarm.disk.spike > 0 && this.#random.chance(swarm.disk.spike)) {
      coverage.count('D10');
      takesMs += this.#random.exponential(swarm.disk.spikeMs);
    }
    this.#diskFreeAtMs = Math.max(this.#diskFreeAtMs, queue.nowMs) + takesMs;
    const life = this.#life;
    queue.after(this.#diskFreeAtMs - queue.nowMs, () => this.#written(life));
  }

  /** The write ends although the process is paused: the disk belongs to the kernel. */
  #written(life: number): void {
    if (this.#life !== life || this.#raft === undefined) return;
    const { batch, term, index, snapshot } = this.disk.completeOldest();
    if (snapshot !== undefined) {
      this.#host.coverage.count('raft.snapshotInstalled');
      this.#host.installed(this);
    }
    this.#whenAwake(life, () => {
      this.#release(batch);
      this.#raft?.persisted({ batch, term, index });
      this.#handled();
      this.#drain();
    });
  }

  #applyLater(life: number, entries: readonly Entry[]): void {
    const last = entries.at(-1)?.index ?? 0;
    const takesMs = this.#random.exponential(this.#host.swarm.disk.meanMs);
    this.#host.queue.after(takesMs, () => {
      this.#whenAwake(life, () => {
        this.#host.apply(this, entries);
        this.disk.apply(entries);
        this.#readableIndex = last;
        this.#host.installed(this);
        this.#raft?.applied(last);
        this.#handled();
        this.#drain();
      });
    });
  }

  #whenAwake(life: number, run: () => void): void {
    if (this.#life !== life || this.#raft === undefined) return;
    if (this.#isPaused) this.#onResume.push(run);
    else run();
  }

  #release(batch: number): void {
    const released = this.#held.filter((held) => held.batch <= batch);
    this.#held = this.#held.filter((held) => held.batch > batch);
    for (const { messages } of released) {
      for (const message of messages) this.#host.send(this, message);
    }
  }

  #noteEvent(event: RaftEvent): void {
    const { coverage } = this.#host;
    if (event.kind === 'snapshotNotNeeded') coverage.count('raft.snapshotNotNeeded');
    if (event.kind === 'messageRefused') {
      if (event.reason === 'checksumChain') coverage.count('raft.checksumRefused');
      const isWhole = event.reason !== 'lostAcknowledged';
      check(isWhole, 'durabilityOrder', () => `${this.id} lacks what it acknowledged`);
    }
    if (event.kind !== 'roleChanged') return;
    if (event.reason === 'electionWon') {
      coverage.count('raft.leaderElected');
      this.#host.leaderElected(this);
    }
    if (event.reason === 'leadershipTransferred') coverage.count('raft.transferred');
    if (event.reason === 'removed') coverage.count('membership.leaderLeft');
    if (event.reason === 'quorumLost') coverage.count('raft.quorumLost');
    if (event.reason === 'diskStalled') coverage.count('raft.diskStalled');
    if (event.reason === 'higherTerm') coverage.count('raft.higherTerm');
    const isPreVote = event.from === 'preCandidate';
    if (isPreVote && event.reason === 'electionLost') coverage.count('raft.preVoteLost');
  }
}
