// One seed of the full world: whole nodes on simulated machines, in one thread and virtual time. Promises
// run between events, in the order in which they were made; so the same seed gives the same run.

import type { Operation } from '@rockpool/storage';
import { DATA_VERSION } from '../../../src/format/identity.ts';
import { FRAME_KIND, type FrameKind } from '../../../src/format/peer-frame.ts';
import { decodeSnapshotChunk } from '../../../src/format/snapshot-payload.ts';
import type { MemberNode } from '../../../src/meta/meta-records.ts';
import { firstRows } from '../../../src/node/init-cluster.ts';
import { LogStore } from '../../../src/store/log-store.ts';
import { CoverageCounter } from '../coverage.ts';
import { EventQueue } from '../event-queue.ts';
import { CERTAIN_TRIES_MAX, IN_EVERY_STACK } from '../mix.ts';
import { Random } from '../random.ts';
import type { SimulationOptions, SimulationResult } from '../simulation.ts';
import { Strikes } from '../strikes.ts';
import { Trace } from '../trace.ts';
import { check, violationOf } from '../violation.ts';
import { DiskFaults } from './disk-faults.ts';
import { DiskNemesis } from './disk-nemesis.ts';
import { openModel } from './level-model.ts';
import { QuietChecker } from './quiet-checker.ts';
import { type Membership, SimMachine } from './sim-machine.ts';
import { SnapshotChecker } from './snapshot-checker.ts';
import { StackClients } from './stack-clients.ts';
import { StackJudge } from './stack-judge.ts';
import { stackMachine } from './stack-machine.ts';
import { membersOf, StackNemesis } from './stack-nemesis.ts';
import { StackNetwork } from './stack-network.ts';
import { CLUSTER_ID, nodeOf } from './stack-nodes.ts';
import { StackOperator } from './stack-operator.ts';
import { drawStackSwarm, type StackSwarm } from './stack-swarm.ts';

const ELECTION_TICKS_MAX = 20;
/** After healing, in election timeouts of the longest kind. */
const LEADER_TIMEOUTS = 10;
/** Where a disk is lost two voters need each other, and may stand against each other more than once. */
const FIRST_LEADER_TIMEOUTS = 20;
const CONVERGE_TIMEOUTS = 60;
const REFUSED_TIMEOUTS = 60;
const CHANGE_TIMEOUTS = 90;
const STANDSTILL_TIMEOUTS = 3;
/** In which all nodes are connected, and have heard of each other's newest batch. */
const HEARD_MS = 5_000;
/** The costly checks come once in so many events. */
const REPLICAS_EVERY = 4_000;
const STEPS_MAX = 5_000_000;

export interface StackOptions extends SimulationOptions {
  /** Damages more disks than the cluster promises to survive. */
  readonly beyond?: boolean;
  /** Which kind of fault this run has for certain: in turn, each is met in few runs. */
  readonly turn?: number;
}

export function runStack(options: StackOptions): Promise<SimulationResult> {
  return new StackWorld(options).run();
}

class StackWorld {
  readonly #options: StackOptions;
  readonly #queue = new EventQueue();
  readonly #coverage = new CoverageCounter();
  readonly #trace = new Trace();
  readonly #swarm: StackSwarm;
  readonly #random: Random;
  readonly #network: StackNetwork;
  readonly #machines: readonly SimMachine[];
  readonly #strikes: Strikes;
  readonly #judge: StackJudge;
  readonly #snapshots = new SnapshotChecker();
  readonly #quiet: QuietChecker;
  readonly #clients: StackClients;
  readonly #nemesis: StackNemesis;
  readonly #disks: DiskNemesis;
  readonly #operator: StackOperator;
  readonly #rows: readonly Operation[];
  readonly #touched = new Set<SimMachine>();
  #violation: SimulationResult['violation'];
  #steps = 0;

  constructor(options: StackOptions) {
    this.#options = options;
    const { seed, turn = seed, beyond = false, leftOut } = options;
    const random = new Random(seed);
    this.#random = random.fork('world');
    this.#swarm = drawStackSwarm(random.fork('swarm'), { turn, beyond });
    const swarm = this.#swarm;
    const queue = this.#queue;
    const coverage = this.#coverage;
    this.#network = new StackNetwork(swarm.network, queue, random.fork('network'), coverage, {
      sent: (from, to, kind, payload) => this.#sent(from, to, kind, payload),
      heard: (from, to, kind, payload) => {
        this.#quiet.heard(from, to, kind, payload);
        if (kind === FRAME_KIND.snapshotAnswer) this.#snapshots.answerHeard(from, to, payload);
      },
    });
    const nodes = Array.from({ length: swarm.nodes + swarm.spares }, (_, at) => nodeOf(at));
    this.#rows = firstRows(nodes.slice(0, swarm.nodes), swarm.shardGroups);
    this.#machines = nodes.map((node, at) =>
      this.#machineOf(node, at < swarm.nodes ? 'member' : 'spare', random.fork(node.name)),
    );
    const machines = this.#machines;
    this.#strikes = new Strikes(queue, random.fork('strikes'), leftOut);
    const strikes = this.#strikes;
    this.#judge = new StackJudge(swarm, machines, coverage);
    this.#quiet = new QuietChecker({ machines, groups: this.#judge.groups, swarm, coverage });
    this.#clients = new StackClients({
      swarm,
      queue,
      random: random.fork('clients'),
      coverage,
      machines,
      committedIndex: (group) => this.#judge.committedIndex(group),
      broken: (error) => this.#broken(error),
    });
    const parts = { swarm, queue, strikes, network: this.#network, machines, coverage };
    this.#nemesis = new StackNemesis(parts);
    this.#disks = new DiskNemesis({ ...parts, beyond });
    this.#operator = new StackOperator({
      ...parts,
      random: random.fork('operator'),
      committedIndex: (group) => this.#judge.committedIndex(group),
      broken: (error) => this.#broken(error),
    });
    coverage.count(swarm.nodes === 1 ? 'nodes.1' : 'nodes.3');
    if (swarm.shardGroups === 100) coverage.count('O11');
  }

  async run(): Promise<SimulationResult> {
    try {
      await this.#fill();
      await this.#breakThings();
      if (this.#options.beyond !== true) await this.#becomeLive();
      this.#clients.stop();
      this.#clients.checkHistory();
      this.#judge.checkReplicas();
      this.#judge.checkClients(this.#clients, await this.#judge.checkReplay(this.#rows));
    } catch (error) {
      this.#broken(error);
    }
    return {
      seed: this.#options.seed,
      steps: this.#steps,
      virtualMs: this.#queue.nowMs,
      violation: this.#violation,
      coverage: this.#coverage.all,
      traceHash: this.#trace.hash,
      struck: this.#strikes.struck,
    };
  }

  #machineOf(node: MemberNode, membership: Membership, random: Random): SimMachine {
    const queue = this.#queue;
    const coverage = this.#coverage;
    const faults = new DiskFaults(this.#swarm.disk, queue, random.fork('disk'), coverage);
    return new SimMachine(
      node,
      {
        swarm: this.#swarm,
        queue,
        coverage,
        network: this.#network,
        machine: stackMachine,
        touched: (machine) => this.#touched.add(machine),
        started: (machine) => this.#judge.started(machine),
        died: (machine) => this.#network.died(machine.id),
        applying: (machine, body, context) => this.#judge.applying(machine, body, context),
        broken: (_, error) => this.#broken(error),
        refused: (machine, code) => this.#judge.refused(machine, code),
      },
      { random, faults, clusterId: CLUSTER_ID, membership },
    );
  }

  /** What init leaves in each store. */
  async #fill(): Promise<void> {
    for (const { model, node, clusterId } of membersOf(this.#machines)) {
      const { id: nodeId, incarnation } = node;
      const stored = { dataVersion: DATA_VERSION, clusterId, realm: '0d'.repeat(32), nodeId };
      const store = openModel(model, this.#swarm.disk.pageRows);
      await LogStore.create(store, { ...stored, incarnation, bootNumber: 0 }, this.#rows);
    }
  }

  async #breakThings(): Promise<void> {
    for (const machine of membersOf(this.#machines)) machine.start();
    this.#nemesis.start();
    this.#disks.start();
    this.#operator.start();
    this.#clients.start();
    const { kinds } = this.#swarm;
    this.#strikes.every('idle', kinds.get('idle'), (lastsMs) => {
      this.#coverage.count('O9');
      this.#clients.idle(true);
      this.#queue.after(lastsMs, () => this.#clients.idle(false));
    });
    this.#strikes.every('clientBurst', kinds.get('clientBurst'), (_, random) => {
      const machine = random.pick(membersOf(this.#machines));
      if (machine.cluster !== undefined) this.#clients.burst(machine);
    });
    await this.#runFor(this.#options.unsafeMs ?? this.#swarm.unsafeMs);
    // Whoever says how long, to make a failure smaller, wants nothing more.
    if (this.#options.unsafeMs === undefined) await this.#completeMix();
  }

  async #completeMix(): Promise<void> {
    for (const { kind, hasCome } of IN_EVERY_STACK) {
      if (kind === 'membership' && this.#swarm.spares === 0) continue;
      for (let tries = 0; tries < CERTAIN_TRIES_MAX && !hasCome(this.#coverage); tries += 1) {
        if (kind === 'membership') this.#operator.strike();
        else this.#nemesis.strike(kind);
        await this.#runFor(ELECTION_TICKS_MAX * this.#swarm.tickMs);
      }
    }
  }

  async #becomeLive(): Promise<void> {
    this.#heal();
    const timeoutMs = ELECTION_TICKS_MAX * this.#swarm.tickMs;
    await this.#runUntil(CONVERGE_TIMEOUTS * timeoutMs, 'nodes do not start', () =>
      this.#healthy().every(({ cluster }) => cluster !== undefined),
    );
    const past = this.#disks.lastVictim();
    if (past !== undefined) {
      await this.#runFor(HEARD_MS);
      this.#disks.lastDamage(past, this.#random);
      await this.#runUntil(
        REFUSED_TIMEOUTS * timeoutMs,
        'a disk of the past is not refused',
        () => past.isRetired,
      );
    }
    await this.#runUntil(FIRST_LEADER_TIMEOUTS * timeoutMs, 'a group has no leader', () =>
      this.#isLed(),
    );
    if (past === undefined) await this.#lastChange(CHANGE_TIMEOUTS * timeoutMs);
    this.#clients.stop();
    await this.#runFor(LEADER_TIMEOUTS * timeoutMs);
    await this.#probe(LEADER_TIMEOUTS * timeoutMs);
    const live = this.#healthy().filter(({ isUp }) => isUp);
    await this.#runUntil(CONVERGE_TIMEOUTS * timeoutMs, 'the nodes do not converge', () =>
      this.#judge.hasConverged(live),
    );
    const terms = this.#judge.terms(live);
    await this.#runFor(this.#swarm.calmTimeouts * timeoutMs);
    const isCalm = this.#judge.terms(live) === terms;
    check(isCalm, 'calm', () => `terms grow in a calm cluster: ${terms}`);
    await this.#standStill(live, timeoutMs);
    const goesOn = this.#judge.terms(live) === terms;
    check(goesOn, 'calm', () => `after a standstill of all nodes terms grow: ${terms}`);
    check(this.#judge.hasConverged(live), 'convergence', () => 'nodes do not stay converged');
  }

  /** Nothing is wrong but for what the operator finds, and that ends. */
  async #lastChange(withinMs: number): Promise<void> {
    if (this.#swarm.spares === 0) return;
    await this.#runFor(HEARD_MS);
    const isOver = this.#operator.lastChange(this.#random);
    if (isOver === undefined) return;
    await this.#runUntil(withinMs, 'who was sent away does not leave', isOver);
  }

  /** As if one machine under all of them had slept: nobody has missed anything. */
  async #standStill(machines: readonly SimMachine[], timeoutMs: number): Promise<void> {
    for (const { loop } of machines) loop?.pause();
    this.#queue.after(STANDSTILL_TIMEOUTS * timeoutMs, () => {
      for (const { loop } of machines) loop?.resume();
    });
    await this.#runFor((STANDSTILL_TIMEOUTS + LEADER_TIMEOUTS) * timeoutMs);
  }

  #heal(): void {
    this.#strikes.end();
    this.#network.heal();
    this.#clients.idle(false);
    const members = membersOf(this.#machines);
    const isMinorityLost = members.some(({ damage }) => damage !== undefined);
    // With fewer founders a single one may still vote alone.
    const isOneTooMany = isMinorityLost || this.#operator.isChanging || this.#swarm.nodes < 3;
    const spare = this.#swarm.healsMinority || isOneTooMany ? 0 : 1;
    for (const [at, machine] of this.#random.shuffled(members).entries()) {
      const hasStalled = machine.faults.hasStalled;
      machine.heal();
      if (at < spare) machine.leaveDown();
      // A write that will never end holds it for good; and nobody starts again what still stops.
      else if (machine.cluster === undefined || machine.isStopping || hasStalled) machine.crash();
      machine.start();
    }
    if (spare > 0) this.#coverage.count('heal.minorityLeftDown');
  }

  /** Those that can and should serve. */
  #healthy(): readonly SimMachine[] {
    return membersOf(this.#machines).filter(
      ({ isRetired, damage }) => !isRetired && damage === undefined,
    );
  }

  #isLed(): boolean {
    const healthy = this.#healthy();
    return this.#judge.groups.every((group) =>
      healthy.some(({ cluster }) => cluster?.isLeader(group) === true),
    );
  }

  /** A fresh write and a fresh read at every node that is up. */
  async #probe(withinMs: number): Promise<void> {
    for (const machine of this.#healthy()) {
      let answer: boolean | undefined;
      machine.loop?.enter(() => {
        this.#clients.probe(machine, 0, this.#isReadOnly()).then(
          (isServed) => {
            answer = isServed;
          },
          (error) => this.#broken(error),
        );
      });
      await this.#runUntil(
        withinMs,
        'a fresh write or read does not end',
        () => answer !== undefined,
      );
      check(answer === true, 'service', () => `${machine.id} serves no fresh write or read`);
    }
  }

  /** Whoever was refused, or stays down, and had said that its disk is nearly full: only an operator can end that. */
  #isReadOnly(): boolean {
    const names = new Set(this.#healthy().map(({ node }) => node.name));
    const status = this.#healthy()
      .find(({ cluster }) => cluster !== undefined)
      ?.cluster?.status();
    return status?.full.some((name) => !names.has(name)) ?? false;
  }

  async #runFor(ms: number): Promise<void> {
    const untilMs = this.#queue.nowMs + ms;
    while (await this.#step(untilMs));
  }

  async #runUntil(withinMs: number, what: string, isDone: () => boolean): Promise<void> {
    const untilMs = this.#queue.nowMs + withinMs;
    while (!isDone()) check(await this.#step(untilMs), 'convergence', () => what);
  }

  /** One event, and all promises that it settles. */
  async #step(untilMs: number): Promise<boolean> {
    if (!this.#queue.runNext(untilMs)) return false;
    await settled();
    this.#steps += 1;
    for (const machine of this.#touched) {
      this.#judge.afterEvent(machine);
      this.#quiet.afterEvent(machine);
      this.#judge.trace(machine, (...numbers) =>
        this.#trace.note(machine.id, this.#queue.nowMs, ...numbers),
      );
    }
    this.#touched.clear();
    if (this.#steps % REPLICAS_EVERY === 0) this.#judge.checkReplicas();
    check(this.#steps < STEPS_MAX, 'convergence', () => 'the run does not end');
    if (this.#violation !== undefined) throw new Stopped();
    return true;
  }

  #sent(from: string, to: string, kind: FrameKind, payload: Uint8Array): void {
    const sender = this.#machines.find(({ id }) => id === from);
    if (sender === undefined) return;
    if (kind === FRAME_KIND.snapshotChunk) {
      this.#coverage.count('raft.snapshotSent');
      this.#coverage.count('O4');
      const chunk = decodeSnapshotChunk(payload);
      if (chunk !== undefined) {
        this.#nemesis.snapshotChunk(from, to, chunk);
        this.#snapshots.chunkSent(from, to, chunk);
      }
    }
    this.#judge.sent(sender, to, kind, payload);
  }

  #broken(error: unknown): void {
    if (error instanceof Stopped) return;
    this.#violation ??= violationOf(error);
  }
}

/** The run is over: what is wrong is known already. */
class Stopped extends Error {}

/** After all promises that can settle without another event have done so: a tick that a promise asks for comes when none is left. */
async function settled(): Promise<void> {
  await undefined;
  await new Promise<void>((resolve) => process.nextTick(resolve));
}
