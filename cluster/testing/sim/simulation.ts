// One seed, one run: a cluster of simulated processes in virtual time, first broken on purpose while
// safety is checked after every step, then healed until it is live again.

import { isMember, NOBODY } from '../../src/core/configuration.ts';
import type { Entry, NodeId } from '../../src/core/entry.ts';
import type { ConfirmedRead } from '../../src/core/types.ts';
import { Checker } from './checker.ts';
import { Clients } from './clients.ts';
import { ConductChecker } from './conduct-checker.ts';
import { type Coverage, CoverageCounter } from './coverage.ts';
import { firstState } from './disk.ts';
import { EventQueue } from './event-queue.ts';
import { LastBlow } from './last-blow.ts';
import { MembershipChecker } from './membership-checker.ts';
import { CERTAIN_TRIES_MAX, IN_EVERY_RUN } from './mix.ts';
import { Nemesis, type NemesisParts } from './nemesis.ts';
import { SimNetwork } from './network.ts';
import { type ProcessHost, type SimMessage, SimProcess } from './process.ts';
import { PromiseChecker } from './promise-checker.ts';
import { isQuorum } from './quorums.ts';
import { Random } from './random.ts';
import { Readers } from './readers.ts';
import { type LeftOut, Strikes, type Struck } from './strikes.ts';
import { drawSwarm, leaveOut, type Swarm } from './swarm.ts';
import { Trace } from './trace.ts';
import { Traffic } from './traffic.ts';
import { check, type FoundViolation, violationOf } from './violation.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** How long things go wrong, in virtual time. */
  readonly unsafeMs?: number;
  /** Faults that do not happen in this run: how a failure is made smaller. */
  readonly leftOut?: LeftOut;
}

export interface SimulationResult {
  readonly seed: number;
  readonly steps: number;
  readonly virtualMs: number;
  readonly violation: FoundViolation | undefined;
  readonly coverage: Coverage;
  /** Equal for equal seeds. */
  readonly traceHash: string;
  /** What went wrong, blow by blow. */
  readonly struck: readonly Struck[];
}

/** Of the seed's own ticks, so that slow clusters see as much as fast ones. */
const UNSAFE_TICKS = 2_350;
/** After healing: election timeouts until there is a leader, and until all have caught up. */
const FIRST_LEADER_TIMEOUTS = 10;
const LEADER_TIMEOUTS = 20;
const CONVERGE_TIMEOUTS = 200;
const LAST_BLOW_TIMEOUTS = 4;
const REPLACE_TIMEOUTS = 10;
/** In a calm cluster the leader stays: for 40 election timeouts of the shortest kind, in every tenth seed for 100. */
const CALM_TIMEOUTS = 20;
const LONG_CALM_TIMEOUTS = 50;
const LONG_CALM_EVERY = 10;
const STEPS_MAX = 2_000_000;
/** Runs one seed. A violation is a result, not an exception. */
export function runSimulation(options: SimulationOptions): SimulationResult {
  return new Simulation(options).run();
}

class Simulation implements ProcessHost {
  readonly swarm: Swarm;
  readonly queue = new EventQueue();
  readonly coverage = new CoverageCounter();
  readonly #options: SimulationOptions;
  readonly #random: Random;
  readonly #trace = new Trace();
  readonly #processes: readonly SimProcess[];
  readonly #byId: ReadonlyMap<NodeId, SimProcess>;
  readonly #network: SimNetwork;
  readonly #strikes: Strikes;
  readonly #nemesisParts: NemesisParts;
  readonly #nemesis: Nemesis;
  readonly #clients: Clients;
  readonly #checker: Checker;
  readonly #conduct: ConductChecker;
  readonly #readers: Readers;
  readonly #traffic: Traffic;
  readonly #promises = new PromiseChecker();
  #steps = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const random = new Random(options.seed);
    this.#random = random.fork('after');
    this.swarm = leaveOut(drawSwarm(random.fork('swarm')), options.leftOut?.kinds ?? []);
    const { swarm, queue, coverage } = this;
    const ids = Array.from({ length: swarm.nodes }, (_, at) => `node${at + 1}`);
    const first = firstState(ids);
    const spares = Array.from({ length: swarm.spares }, (_, at) => `spare${at + 1}`);
    this.#processes = [
      ...ids.map((id) => new SimProcess(id, first, this, random.fork(id))),
      ...spares.map((id) => new SimProcess(id, firstState([]), this, random.fork(id))),
    ];
    this.#byId = new Map(this.#processes.map((process) => [process.id, process]));
    this.#network = new SimNetwork(swarm, queue, random.fork('network'), coverage, (message) => {
      this.#byId.get(message.to)?.receive(message);
    });
    this.#strikes = new Strikes(queue, random.fork('strikes'), options.leftOut);
    this.#nemesisParts = {
      swarm,
      queue,
      strikes: this.#strikes,
      random: random.fork('nemesis'),
      network: this.#network,
      processes: this.#processes,
      coverage,
    };
    this.#nemesis = new Nemesis(this.#nemesisParts);
    const membership = new MembershipChecker(this.#promises, coverage);
    this.#clients = new Clients(swarm, random.fork('values'), coverage);
    this.#checker = new Checker({
      processes: this.#processes,
      limits: swarm.limits,
      first,
      membership,
    });
    this.#conduct = new ConductChecker(this.#processes, swarm);
    this.#readers = new Readers(this.#checker, coverage);
    this.#traffic = new Traffic({
      swarm,
      queue,
      random: random.fork('traffic'),
      coverage,
      processes: this.#processes,
      leading: () => this.#leading(),
      clients: this.#clients,
      readers: this.#readers,
    });
    coverage.count(`nodes.${swarm.nodes}`);
  }

  run(): SimulationResult {
    let violation: SimulationResult['violation'];
    try {
      this.#breakThings();
      this.#becomeLive();
      this.#clients.checkHistory(this.#checker);
    } catch (error) {
      violation = violationOf(error);
    }
    return {
      seed: this.#options.seed,
      steps: this.#steps,
      virtualMs: this.queue.nowMs,
      violation,
      coverage: this.coverage.all,
      traceHash: this.#trace.hash,
      struck: this.#strikes.struck,
    };
  }

  send(from: SimProcess, message: SimMessage): void {
    this.#promises.sent(from.id, from.disk, message);
    if (message.kind === 'appendRejected') this.coverage.count('raft.appendRejected');
    this.#trace.note(message.kind, this.queue.nowMs, message.term, this.#numberOf(from));
    this.#network.send(message);
  }

  received(process: SimProcess, message: SimMessage): void {
    this.#conduct.received(process, message);
  }

  ticked(process: SimProcess): void {
    this.#conduct.ticked(process);
  }

  handled(process: SimProcess): void {
    this.#checker.afterStep(process);
    this.#conduct.afterStep(process);
    const status = process.status;
    if (status === undefined) return;
    const { term, commit, lastIndex } = status;
    if (status.leader !== undefined && this.#readers.isNew(process)) {
      this.queue.after(0, () => {
        if (this.#readers.askAgain(process)) this.#network.restarted(process.id);
      });
    }
    this.#trace.note(status.role, this.#numberOf(process), term, commit, lastIndex);
  }

  installed(process: SimProcess): void {
    this.#checker.stateOf(process);
  }

  apply(process: SimProcess, entries: readonly Entry[]): void {
    this.#checker.applied(process, entries);
    this.#clients.applied(process, entries);
  }

  readConfirmed(process: SimProcess, read: ConfirmedRead): void {
    this.#readers.confirmed(process, read);
  }

  readFailed(process: SimProcess, read: number): void {
    this.#readers.failed(process, read);
  }

  lostConnection(process: SimProcess, node: NodeId): void {
    this.#conduct.lostConnection(process, node);
  }

  leaderElected(process: SimProcess): void {
    this.#conduct.elected(process);
    // The former leader does not know of it yet: who asks it now must not be told what is past.
    if (this.#leading().length > 1) this.#traffic.rush();
    this.#nemesis.leaderElected(process);
  }

  #breakThings(): void {
    for (const process of this.#processes) process.start();
    this.#nemesis.start();
    this.#traffic.start();
    this.#runFor(this.#options.unsafeMs ?? UNSAFE_TICKS * this.swarm.tickMs);
    // Whoever says how long, to make a failure smaller, wants nothing more.
    if (this.#options.unsafeMs === undefined) this.#completeMix();
  }

  #completeMix(): void {
    const { tickMs, electionTicks } = this.swarm;
    for (const { kind, hasCome } of IN_EVERY_RUN) {
      for (let tries = 0; tries < CERTAIN_TRIES_MAX && !hasCome(this.coverage); tries += 1) {
        this.#nemesis.strike(kind);
        this.#runFor(tickMs * electionTicks);
      }
    }
  }

  /** Those who had better be there from then on. */
  #strikeLast(withinMs: number): readonly SimProcess[] {
    const leader = this.#leader();
    if (!this.swarm.hasLastBlow || leader === undefined) return [];
    const blow = new LastBlow(leader, this.#nemesisParts, this.#clients);
    const untilMs = this.queue.nowMs + withinMs;
    while (!blow.isDue && this.queue.runNext(untilMs)) this.#count();
    return blow.victims;
  }

  #becomeLive(): void {
    const timeoutMs = 2 * this.swarm.tickMs * this.swarm.electionTicks;
    const victims = this.#strikeLast(LAST_BLOW_TIMEOUTS * timeoutMs);
    this.#traffic.stop();
    this.#nemesis.heal(victims);
    // Although messages of the past may still be under way, and a lost disk write may last.
    this.#runUntil(FIRST_LEADER_TIMEOUTS * timeoutMs, 'no leader after healing', () =>
      this.#hasLeader(),
    );
    this.#runFor(LEADER_TIMEOUTS * timeoutMs);
    let value: number | undefined;
    this.#runUntil(LEADER_TIMEOUTS * timeoutMs, 'a fresh write is not taken', () => {
      const leader = this.#leader();
      value ??= leader && this.#clients.propose(leader);
      return value !== undefined;
    });
    this.#runUntil(CONVERGE_TIMEOUTS * timeoutMs, 'the nodes do not converge', () =>
      this.#hasConverged(),
    );
    this.#runUntil(LEADER_TIMEOUTS * timeoutMs, 'a joint configuration is not left', () => {
      return this.#leader()?.status?.configuration.outgoing.length === 0;
    });
    this.#readOnce(LEADER_TIMEOUTS * timeoutMs);
    const term = this.#leader()?.raft?.term;
    const isLong = this.#options.seed % LONG_CALM_EVERY === 1;
    this.#runFor((isLong ? LONG_CALM_TIMEOUTS : CALM_TIMEOUTS) * timeoutMs);
    const isCalm = term !== undefined && this.#leader()?.raft?.term === term;
    check(isCalm, 'liveness', () => 'the leader changed in a calm cluster');
    check(this.#hasConverged(), 'liveness', () => 'the nodes do not stay converged');
    this.#replaceLeader(REPLACE_TIMEOUTS * timeoutMs);
  }

  /** Of a calm cluster the leader dies: if the others are enough, another one leads soon. */
  #replaceLeader(withinMs: number): void {
    const leader = this.#leader();
    const configuration = leader?.status?.configuration ?? NOBODY;
    const isUp = (id: NodeId): boolean =>
      id !== leader?.id && this.#byId.get(id)?.raft !== undefined;
    if (leader === undefined || !isQuorum(configuration, isUp)) return;
    leader.crash();
    this.#runUntil(withinMs, 'nobody takes the place of a leader that died', () =>
      this.#hasLeader(),
    );
  }

  #runFor(ms: number): void {
    const untilMs = this.queue.nowMs + ms;
    while (this.queue.runNext(untilMs)) this.#count();
  }

  #runUntil(withinMs: number, what: string, isDone: () => boolean): void {
    const untilMs = this.queue.nowMs + withinMs;
    while (!isDone()) {
      check(this.queue.runNext(untilMs), 'liveness', () => what);
      this.#count();
    }
  }

  #count(): void {
    this.#steps += 1;
    check(this.#steps < STEPS_MAX, 'liveness', () => 'the run does not end');
  }

  /** In a healed cluster a read at any process that is up ends well. */
  #readOnce(withinMs: number): void {
    const process = this.#random.pick(this.#liveMembers());
    const before = this.#readers.confirmedCount;
    this.#runUntil(withinMs, 'a fresh read is not confirmed', () => {
      if (this.#readers.confirmedCount > before) return true;
      if (!this.#readers.isWaiting(process)) this.#readers.read(process);
      return false;
    });
  }

  /** All who believe to lead. */
  #leading(): readonly SimProcess[] {
    return this.#processes.filter(({ raft, isPaused }) => !isPaused && raft?.role === 'leader');
  }

  #leader(): SimProcess | undefined {
    const termOf = ({ raft }: SimProcess): number => raft?.term ?? 0;
    return this.#leading().toSorted((x, y) => termOf(y) - termOf(x))[0];
  }

  #hasLeader(): boolean {
    return this.#leader() !== undefined;
  }

  #hasConverged(): boolean {
    const { committedIndex } = this.#checker;
    const leader = this.#leader()?.id;
    return this.#liveMembers().every(({ status }) => {
      if (status === undefined) return true;
      const { applied, lastIndex, leader: known } = status;
      return applied === committedIndex && lastIndex === committedIndex && known === leader;
    });
  }

  /** Whoever takes part now, and is up. */
  #liveMembers(): readonly SimProcess[] {
    const configuration = this.#leader()?.status?.configuration;
    return this.#processes.filter(
      ({ id, raft }) => raft !== undefined && isMember(configuration ?? NOBODY, id),
    );
  }

  #numberOf(process: SimProcess): number {
    return this.#processes.indexOf(process);
  }
}
