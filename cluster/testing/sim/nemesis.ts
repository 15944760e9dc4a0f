// Breaks things on purpose, as often as the swarm says: partitions, crashes, power losses, pauses,
// clock jumps, broken connections.

import type { CoverageCounter } from './coverage.ts';
import type { EventQueue } from './event-queue.ts';
import { MembershipNemesis } from './membership-nemesis.ts';
import type { SimNetwork } from './network.ts';
import type { SimProcess } from './process.ts';
import { isQuorum } from './quorums.ts';
import type { Random } from './random.ts';
import type { Disturbance, Swarm } from './swarm.ts';

const CLOCK_JUMP_MS_MAX = 60_000;
const LEADER_BIAS = 0.5;

export class Nemesis {
  readonly #swarm: Swarm;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #network: SimNetwork;
  readonly #processes: readonly SimProcess[];
  readonly #coverage: CoverageCounter;
  readonly #membership: MembershipNemesis;
  #isOver = false;

  constructor(
    swarm: Swarm,
    queue: EventQueue,
    random: Random,
    network: SimNetwork,
    processes: readonly SimProcess[],
    coverage: CoverageCounter,
  ) {
    this.#swarm = swarm;
    this.#queue = queue;
    this.#random = random;
    this.#network = network;
    this.#processes = processes;
    this.#coverage = coverage;
    this.#membership = new MembershipNemesis(processes, random, coverage);
  }

  start(): void {
    const { partition, crash, pause, unreachable, transfer, clockJump, membership } = this.#swarm;
    this.#again(partition, (lastsMs) => this.#partition(lastsMs, partition?.oneWay ?? 0));
    this.#again(crash, (lastsMs) => this.#crash(lastsMs, crash?.powerLoss ?? 0));
    this.#again(pause, (lastsMs) => this.#pause(lastsMs));
    this.#again(unreachable, () => this.#breakConnection());
    this.#again(transfer, () => this.#transfer());
    this.#again(membership, () => this.#membership.strike());
    this.#again(clockJump, () => this.#jumpClock());
  }

  /** Ends all faults. Of more than one node, a minority may stay down for good. */
  heal(): void {
    this.#isOver = true;
    this.#network.heal();
    const down = this.#swarm.healsMinority ? new Set() : this.#dispensable();
    for (const process of this.#random.shuffled(this.#processes)) {
      process.healDisk();
      if (process.isPaused) process.resume();
      if (down.has(process)) {
        if (process.raft !== undefined) process.crash();
      } else if (process.raft === undefined) {
        process.start();
      }
    }
    if (down.size > 0) this.#coverage.count('heal.minorityLeftDown');
  }

  /**
   * Cuts a new leader's reign short, by a crash or by leaving it only some followers: what several
   * such leaders leave behind is how logs come to differ (thesis figures 3.7 and 3.8).
   */
  leaderElected(leader: SimProcess): void {
    const { shortReign } = this.#swarm;
    if (this.#isOver || shortReign === undefined || !this.#random.chance(shortReign.chance)) return;
    this.#coverage.count('fault.shortReign');
    this.#queue.after(this.#random.exponential(shortReign.afterMeanMs), () => {
      if (this.#isOver || leader.raft === undefined) return;
      const lastsMs = this.#random.exponential(shortReign.lastsMs);
      if (this.#random.chance(shortReign.crash)) {
        this.#crashOne(leader, lastsMs);
        return;
      }
      const others = this.#random.shuffled(this.#processes).filter((other) => other !== leader);
      const kept = this.#random.between(0, Math.floor(others.length / 2));
      for (const other of others.slice(kept)) {
        this.#network.cut(leader.id, other.id);
        this.#network.cut(other.id, leader.id);
      }
      this.#queue.after(lastsMs, () => this.#network.healLinks());
    });
  }

  /** As many as can stay down while whatever configuration comes to be in force has its quorum. */
  #dispensable(): ReadonlySet<SimProcess> {
    const possible = this.#processes.flatMap(({ disk, raft }) => {
      const { base, entries } = disk.log;
      const inLog = [base, ...entries].flatMap(({ configuration }) => configuration ?? []);
      return raft === undefined ? inLog : [...inLog, raft.status().configuration];
    });
    const down = new Set<SimProcess>();
    for (const process of this.#random.shuffled(this.#processes)) {
      const isUp = (id: string): boolean =>
        id !== process.id && ![...down].some((other) => other.id === id);
      if (possible.every((configuration) => isQuorum(configuration, isUp))) down.add(process);
    }
    return down;
  }

  #again(what: Disturbance | undefined, strike: (lastsMs: number) => void): void {
    if (what === undefined) return;
    this.#queue.after(this.#random.exponential(what.everyMs), () => {
      if (this.#isOver) return;
      strike(this.#random.exponential(what.lastsMs));
      this.#again(what, strike);
    });
  }

  /** A random cut in two, or one node that only sends, or only hears. */
  #partition(lastsMs: number, oneWay: number): void {
    if (this.#processes.length < 2) return;
    const isOneWay = this.#random.chance(oneWay);
    const size = this.#random.between(1, this.#processes.length - 1);
    const side = new Set(this.#random.shuffled(this.#processes).slice(0, size));
    for (const x of side) {
      for (const y of this.#processes) {
        if (side.has(y)) continue;
        this.#network.cut(x.id, y.id);
        if (!isOneWay) this.#network.cut(y.id, x.id);
      }
    }
    this.#coverage.count(isOneWay ? 'fault.partition.oneWay' : 'fault.partition.symmetric');
    this.#queue.after(lastsMs, () => this.#network.healLinks());
  }

  #crash(lastsMs: number, powerLoss: number): void {
    const isPowerLoss = this.#random.chance(powerLoss);
    this.#coverage.count(isPowerLoss ? 'fault.powerLoss' : 'fault.crash');
    const victims = isPowerLoss ? this.#processes : [this.#victim()];
    for (const victim of victims) this.#crashOne(victim, lastsMs * this.#random.rate(0.5, 1.5));
  }

  #crashOne(victim: SimProcess, lastsMs: number): void {
    if (victim.raft === undefined) return;
    victim.crash();
    this.#queue.after(lastsMs, () => {
      if (!this.#isOver && victim.raft === undefined) victim.start();
    });
  }

  #pause(lastsMs: number): void {
    const victim = this.#victim();
    if (victim.raft === undefined || victim.isPaused) return;
    this.#coverage.count('fault.pause');
    victim.pause();
    this.#queue.after(lastsMs, () => {
      if (victim.isPaused && victim.raft !== undefined) victim.resume();
    });
  }

  #breakConnection(): void {
    if (this.#processes.length < 2) return;
    const [from, to] = this.#random.shuffled(this.#processes);
    if (from === undefined || to === undefined) return;
    this.#coverage.count('fault.unreachable');
    from.unreachable(to.id);
  }

  /** To anyone, itself among them; now and then by two who both believe to lead. */
  #transfer(): void {
    const leading = this.#processes.filter(({ raft }) => raft?.status().role === 'leader');
    for (const leader of leading) {
      this.#coverage.count('fault.transfer');
      leader.transfer(this.#random.pick(this.#processes).id);
    }
  }

  #jumpClock(): void {
    this.#coverage.count('fault.clockJump');
    const byMs = this.#random.rate(-CLOCK_JUMP_MS_MAX, CLOCK_JUMP_MS_MAX);
    this.#random.pick(this.#processes).jumpClock(byMs);
  }

  /** Leaders are where it hurts. */
  #victim(): SimProcess {
    const leader = this.#processes.find((process) => process.raft?.status().role === 'leader');
    const isLeader = leader !== undefined && this.#random.chance(LEADER_BIAS);
    return isLeader ? leader : this.#random.pick(this.#processes);
  }
}
