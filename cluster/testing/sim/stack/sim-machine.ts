// One simulated machine: its disk, its clock, and the process on it, which is a whole node but for its
// sockets and its database.

import { LastBatch } from '@rockpool/storage';
import type { Driver } from '../../../src/driver/driver.ts';
import type { MemberNode } from '../../../src/meta/meta-records.ts';
import type { ClusterNode } from '../../../src/node/cluster-node.ts';
import { DiskWatch } from '../../../src/node/disk-watch.ts';
import { startNode } from '../../../src/node/start-cluster.ts';
import { NodeError, type NodeErrorCode, storeFailure } from '../../../src/node-error.ts';
import type { ClusterLogger } from '../../../src/options.ts';
import { PeerTransport } from '../../../src/peer/peer-transport.ts';
import type { ApplyContext, StateMachine } from '../../../src/ports.ts';
import type { CoverageCounter } from '../coverage.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Random } from '../random.ts';
import type { DiskFaults } from './disk-faults.ts';
import { LevelModel } from './level-model.ts';
import { ClockChip, ProcessLoop } from './process-loop.ts';
import { SimIncoming, SimOutgoing } from './sim-links.ts';
import { SimNote } from './sim-note.ts';
import { SimSpace, SPACE_LIMITS } from './sim-space.ts';
import { SimStore } from './sim-store.ts';
import type { SortedMap } from './sorted-map.ts';
import type { StackNetwork } from './stack-network.ts';
import type { StackSwarm } from './stack-swarm.ts';

const silent = (): void => {};
const LOGGER: ClusterLogger = { debug: silent, info: silent, warn: silent, error: silent };
const RESTART_MS = 1_000;

/** What a machine needs of its world, and whom it tells. */
export interface StackWorldPorts {
  readonly swarm: StackSwarm;
  readonly queue: EventQueue;
  readonly coverage: CoverageCounter;
  readonly network: StackNetwork;
  readonly machine: StateMachine;
  /** Something ran in its process. */
  touched(machine: SimMachine): void;
  started(machine: SimMachine): void;
  died(machine: SimMachine): void;
  /** An entry is about to be applied. */
  applying(machine: SimMachine, command: Uint8Array, context: ApplyContext): void;
  /** An invariant of the node, or of this simulation, does not hold. */
  broken(machine: SimMachine, error: unknown): void;
  /** The node ended itself. True if it is to stay down. */
  refused(machine: SimMachine, code: NodeErrorCode): boolean;
}

/** What happened to the data on the disk, once and for good. */
export type Damage = 'logMiddle' | 'cut' | 'bitFlip' | 'misdirected' | 'wiped' | 'restored';

/** Leaving: an operator has asked for it, and it may come about. */
export type Membership = 'spare' | 'invited' | 'member' | 'leaving' | 'left';

interface MachineParts {
  readonly random: Random;
  readonly faults: DiskFaults;
  readonly clusterId: string;
  readonly membership: Membership;
}

interface Running {
  readonly loop: ProcessLoop;
  readonly store: SimStore;
  isStopping: boolean;
  cluster: ClusterNode | undefined;
  driver: Driver | undefined;
}

export class SimMachine {
  readonly node: MemberNode;
  readonly clusterId: string;
  readonly model: LevelModel;
  readonly note = new SimNote();
  readonly space: SimSpace;
  /** It was there from the beginning on. */
  readonly isFounder: boolean;
  readonly chip: ClockChip;
  readonly faults: DiskFaults;
  readonly #ports: StackWorldPorts;
  readonly #random: Random;
  #running: Running | undefined;
  #life = 0;
  #crashIn: number | undefined;
  #crashAtKind: number | undefined;
  membership: Membership;
  /** What was committed of the meta group when it joined: whoever has applied that lists it, or knows that it has left. */
  joinedIndex = 0;
  address: string;
  ruleVersion = 1;
  damage: Damage | undefined;
  /** What its disk held before it was damaged at rest: what it said of that may still be on its way to others. */
  beforeDamage: SortedMap | undefined;
  /** It found its data unfit and stays down. */
  isRetired = false;
  /** Calls of the application that have not ended in this life. */
  pendingCalls = 0;

  constructor(
    node: MemberNode,
    ports: StackWorldPorts,
    { random, faults, clusterId, membership }: MachineParts,
  ) {
    this.node = node;
    this.clusterId = clusterId;
    this.#ports = ports;
    this.#random = random;
    this.faults = faults;
    this.membership = membership;
    this.isFounder = membership === 'member';
    this.address = node.peerAddress;
    this.space = new SimSpace(ports.coverage);
    this.model = new LevelModel(ports.swarm.disk.logRecordsMax);
    this.chip = new ClockChip(ports.queue, 1 + random.rate(-1, 1) * ports.swarm.clockDrift);
    if (ports.swarm.clockDrift > 0) ports.coverage.count('K1');
  }

  get id(): string {
    return this.node.id;
  }

  /** It has a store of this cluster, and has not left it, as far as is known. */
  get isMember(): boolean {
    return this.membership === 'member' || this.membership === 'leaving';
  }

  get life(): number {
    return this.#life;
  }

  get isUp(): boolean {
    return this.#running?.loop.isAlive === true;
  }

  /** An operator has asked it to. */
  get isStopping(): boolean {
    return this.#running?.isStopping === true;
  }

  get isPaused(): boolean {
    return this.#running?.loop.isPaused === true;
  }

  get loop(): ProcessLoop | undefined {
    return this.#running?.loop;
  }

  /** Undefined while the process is down or starting. */
  get cluster(): ClusterNode | undefined {
    return this.isUp ? this.#running?.cluster : undefined;
  }

  get driver(): Driver | undefined {
    return this.isUp ? this.#running?.driver : undefined;
  }

  start(delayMs = 0): void {
    if (this.isUp || this.isRetired) return;
    const { queue, swarm } = this.#ports;
    this.#life += 1;
    this.pendingCalls = 0;
    this.faults.processStarted();
    const loop = new ProcessLoop(queue, this.chip, {
      turnMs: () => (swarm.turnMs === 0 ? 0 : this.#random.exponential(swarm.turnMs)),
      afterEvent: () => this.#ports.touched(this),
    });
    const store = new SimStore({
      queue,
      loop,
      model: this.model,
      faults: this.faults,
      random: this.#random,
      pageRows: swarm.disk.pageRows,
      crossing: () => this.#crossing(loop),
      writing: (kinds) => this.#writing(loop, kinds),
    });
    const running: Running = {
      loop,
      store,
      isStopping: false,
      cluster: undefined,
      driver: undefined,
    };
    this.#running = running;
    queue.after(delayMs, () => loop.enter(() => void this.#boot(running)));
  }

  /** Without a word to anybody. */
  crash(): void {
    const running = this.#running;
    if (running === undefined || !running.loop.isAlive) return;
    running.loop.end();
    this.#crashIn = undefined;
    this.#crashAtKind = undefined;
    const fate = running.store.ended();
    const { coverage } = this.#ports;
    if (fate === 'lost') coverage.count('D1');
    if (fate === 'torn') coverage.count('D3');
    this.#ports.died(this);
  }

  /** As crash(), and what the kernel had not written is gone. */
  losePower(): void {
    this.crash();
    this.note.losePower();
  }

  /** Dies when it next writes a record of this kind. */
  crashAtWrite(kind: number): void {
    this.#crashAtKind = kind;
  }

  /** Dies at the n-th crossing from now, between two steps of what it does to its disk. */
  crashAfter(crossings: number): void {
    this.#crashIn = crossings;
  }

  /** It stays down, though nothing is wrong with it. */
  leaveDown(): void {
    this.crash();
    this.isRetired = true;
  }

  /** From now on nothing is wrong with it. */
  heal(): void {
    this.#crashIn = undefined;
    this.#crashAtKind = undefined;
    this.space.clear();
    this.faults.heal();
    this.chip.heal();
    this.loop?.resume();
  }

  /** As an operator stops it. Nothing that the application asked for may be left without an answer. */
  stop(done: (unanswered: number) => void): void {
    const running = this.#running;
    const cluster = this.cluster;
    if (running === undefined || cluster === undefined) return;
    running.isStopping = true;
    running.loop.enter(() => {
      const ended = (): void => {
        if (!running.loop.isAlive) return;
        this.#ports.queue.after(0, () => {
          if (!running.loop.isAlive) return;
          running.loop.end();
          this.#ports.died(this);
          done(this.pendingCalls);
        });
      };
      cluster.stop().then(ended, ended);
    });
  }

  async #boot(running: Running): Promise<void> {
    const { loop, store } = running;
    try {
      if (this.faults.opensFail) {
        this.#ports.coverage.count('D13');
        throw storeFailure('STORE_OPEN_FAILED', this.node.name);
      }
      this.model.open();
      const disk = await DiskWatch.open(this.space, SPACE_LIMITS);
      const last = await LastBatch.in(this.note, { sync: false });
      const { clusterId, node } = this;
      const { id: nodeId, name } = node;
      const started = await startNode({
        options: {
          dataDir: name,
          stateMachine: this.#machineOf(loop),
          logger: LOGGER,
          timing: { tickMs: this.#ports.swarm.tickMs },
          listenAddress: this.address,
          peerAddress: this.address,
          ruleVersion: this.ruleVersion,
          onFatal: (error) => this.#stopped(loop, error),
        },
        file: { version: 1, clusterId, nodeId, name },
        key: { key: '', certificate: '' },
        database: store,
        last,
        disk,
        snapshotChunkBytes: this.#ports.swarm.snapshotChunkBytes,
        machine: {
          clock: loop,
          randomBytes: (length) => this.#randomBytes(length),
          makeTransport: (ports) =>
            new PeerTransport(ports, {
              incoming: (own, listener) =>
                new SimIncoming({ ports: own, network: this.#ports.network, loop }, listener),
              outgoing: (peer, own, onChange) =>
                new SimOutgoing(peer, { ports: own, network: this.#ports.network, loop }, onChange),
              every: (intervalMs, run) => loop.every(intervalMs, run),
            }),
          crash: (error) => this.#ports.broken(this, error),
        },
        limits: this.#ports.swarm.limits,
      });
      if (!loop.isAlive) return;
      running.cluster = started.cluster;
      running.driver = started.driver;
      this.#ports.started(this);
    } catch (error) {
      if (loop.isAlive) this.#stopped(loop, error);
    }
  }

  /** The process ends by itself. Its supervisor starts it again, unless its data is unfit. */
  #stopped(loop: ProcessLoop, error: unknown): void {
    if (!loop.isAlive) return;
    this.crash();
    try {
      if (!(error instanceof NodeError)) throw error;
      this.isRetired = this.#ports.refused(this, error.code);
    } catch (violation) {
      this.#ports.broken(this, violation);
      return;
    }
    this.#ports.queue.after(this.#random.exponential(RESTART_MS), () => this.start());
  }

  #crossing(loop: ProcessLoop): void {
    if (this.#crashIn === undefined || !loop.isAlive) return;
    this.#crashIn -= 1;
    if (this.#crashIn > 0) return;
    this.#dieInWriting();
  }

  #writing(loop: ProcessLoop, kinds: ReadonlySet<number>): void {
    if (this.#crashAtKind === undefined || !loop.isAlive || !kinds.has(this.#crashAtKind)) return;
    this.#dieInWriting();
  }

  #dieInWriting(): void {
    this.#ports.coverage.count('P2');
    this.crash();
    this.#ports.queue.after(this.#random.exponential(RESTART_MS), () => this.start());
  }

  #machineOf(loop: ProcessLoop): StateMachine {
    const { machine } = this.#ports;
    return {
      readSet: (slot, command) => machine.readSet(slot, command),
      apply: (rows, command, context) => {
        if (loop.isAlive) this.#ports.applying(this, command, context);
        return machine.apply(rows, command, context);
      },
    };
  }

  #randomBytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 1) bytes[at] = this.#random.next();
    return bytes;
  }
}
