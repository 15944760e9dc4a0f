// Breaks things on purpose, as often as the swarm says: crashes, power losses, pauses, clock jumps; and an
// operator who moves leadership about. Links are in link-nemesis.ts, members in membership-nemesis.ts.

import type { EventQueue } from './event-queue.ts';
import { LinkNemesis, type LinkParts } from './link-nemesis.ts';
import { MembershipNemesis } from './membership-nemesis.ts';
import type { CertainKind } from './mix.ts';
import type { SimProcess } from './process.ts';
import { isQuorum } from './quorums.ts';
import type { Random } from './random.ts';
import type { Kind } from './swarm.ts';

const CLOCK_JUMP_MS_MAX = 60_000;
const LEADER_BIAS = 0.5;
const CRASH_LASTS_MS = 1_500;
/** How often a new leader is asked for other members at once, and how soon. */
const CHANGE_AT_ONCE = 0.4;
const CHANGE_AFTER_MS = 15;
/** How often a leader that has begun a change is lost over it, and how soon. */
const CHANGE_CUT_SHORT = 0.3;
const CHANGE_LASTS_MS = 80;
/** How often a leader that hands over is deaf from the moment that its successor campaigns. */
const DEAF_AFTER_TRANSFER = 0.2;
const DEAF_AFTER_MS = 40;
/** How often the others notice at once that a process has died: the kernel under it lives. */
const NOTICED = 0.5;

export interface NemesisParts extends LinkParts {
  readonly queue: EventQueue;
  /** Of the healing. */
  readonly random: Random;
}

export class Nemesis {
  readonly #parts: NemesisParts;
  readonly #links: LinkNemesis;
  readonly #membership: MembershipNemesis;

  constructor(parts: NemesisParts) {
    this.#parts = parts;
    this.#links = new LinkNemesis(parts);
    this.#membership = new MembershipNemesis(parts.processes, parts.coverage);
  }

  start(): void {
    this.#links.start();
    this.#every('crash', (lastsMs, random) => this.#crash(lastsMs, random));
    this.#every('crashLoop', (lastsMs, random) => this.#crashAgain(lastsMs, random));
    this.#every('powerLoss', (lastsMs, random) => this.#losePower(lastsMs, random));
    this.#every('pause', (lastsMs, random) => this.#pause(lastsMs, random));
    this.#every('transfer', (_, random) => this.#transfer(random));
    this.#every('membership', (_, random) => this.#changeMembers(random));
    this.#every('clockJump', (_, random) => this.#jumpClock(random));
  }

  /** One more of these, now. */
  strike(kind: CertainKind): void {
    this.#parts.strikes.once(kind, (random) => {
      if (kind === 'crash') this.#crash(random.exponential(CRASH_LASTS_MS), random);
      else if (kind === 'transfer') this.#transfer(random);
      else this.#changeMembers(random);
    });
  }

  /** Ends all faults. Of more than one node, a minority may stay down for good: of the victims, if there are any. */
  heal(victims: readonly SimProcess[]): void {
    const { swarm, strikes, network, processes, coverage, random } = this.#parts;
    strikes.end();
    network.heal();
    const isAllUp = swarm.healsMinority && victims.length === 0;
    const down = isAllUp ? new Set() : this.#dispensable(victims);
    for (const process of random.shuffled(processes)) {
      process.healDisk();
      if (process.isPaused) process.resume();
      if (down.has(process)) {
        if (process.raft !== undefined) process.crash();
      } else if (process.raft === undefined) {
        process.start();
      }
    }
    if (down.size > 0) coverage.count('heal.minorityLeftDown');
  }

  /**
   * Cuts a new leader's reign short, by a crash or by leaving it only some followers: what several
   * such leaders leave behind is how logs come to differ (thesis figures 3.7 and 3.8).
   */
  leaderElected(leader: SimProcess): void {
    const { swarm, strikes, processes, coverage } = this.#parts;
    const { shortReign } = swarm;
    if (swarm.kinds.has('membership')) this.#changeAtOnce();
    if (shortReign === undefined) return;
    strikes.once('shortReign', (random) => {
      if (!random.chance(shortReign.chance)) return;
      coverage.count('fault.shortReign');
      strikes.later(random.exponential(shortReign.afterMeanMs), () => {
        if (leader.raft === undefined) return;
        const lastsMs = random.exponential(shortReign.lastsMs);
        if (random.chance(shortReign.crash)) {
          this.#crashOne(leader, lastsMs);
          return;
        }
        const others = random.shuffled(processes).filter((other) => other !== leader);
        const kept = random.between(0, Math.floor(others.length / 2));
        const lost = others.slice(kept).map(({ id }) => id);
        this.#links.cutOff(leader.id, lost, lastsMs);
      });
    });
  }

  /** Before the new leader has committed anything, and while the former one knows nothing of it. */
  #changeAtOnce(): void {
    const { strikes } = this.#parts;
    strikes.once('membership', (random) => {
      if (!random.chance(CHANGE_AT_ONCE)) return;
      strikes.later(random.exponential(CHANGE_AFTER_MS), () => this.#changeMembers(random));
    });
  }

  /** A change is seldom as delicate as right after it began: its leader may die then, or reach nobody. */
  #changeMembers(random: Random): void {
    const { strikes, processes } = this.#parts;
    for (const leader of this.#membership.strike(random)) {
      if (!random.chance(CHANGE_CUT_SHORT)) continue;
      const lastsMs = random.rate(300, 3_000);
      const others = processes.filter((other) => other !== leader).map(({ id }) => id);
      const isCrash = random.chance(0.5);
      strikes.later(random.exponential(CHANGE_LASTS_MS), () => {
        if (isCrash) this.#crashOne(leader, lastsMs);
        else this.#links.cutOff(leader.id, others, lastsMs);
      });
    }
  }

  /** As many as can stay down while whatever configuration comes to be in force has its quorum. */
  #dispensable(victims: readonly SimProcess[]): ReadonlySet<SimProcess> {
    const { processes, random } = this.#parts;
    const possible = processes.flatMap(({ disk, status }) => {
      const { base, entries } = disk.log;
      const inLog = [base, ...entries].flatMap(({ configuration }) => configuration ?? []);
      return status === undefined ? inLog : [...inLog, status.configuration];
    });
    const down = new Set<SimProcess>();
    const candidates = victims.length > 0 ? victims : processes;
    for (const process of random.shuffled(candidates)) {
      const isUp = (id: string): boolean =>
        id !== process.id && ![...down].some((other) => other.id === id);
      if (possible.every((configuration) => isQuorum(configuration, isUp))) down.add(process);
    }
    return down;
  }

  #every(kind: Kind, strike: (lastsMs: number, random: Random) => void): void {
    const { swarm, strikes } = this.#parts;
    strikes.every(kind, swarm.kinds.get(kind), strike);
  }

  #crash(lastsMs: number, random: Random): void {
    this.#parts.coverage.count('P1');
    this.#crashOne(this.#victim(random), lastsMs);
  }

  #crashAgain(lastsMs: number, random: Random): void {
    const { strikes, coverage } = this.#parts;
    const victim = this.#victim(random);
    coverage.count('P3');
    const times = random.between(3, 8);
    for (let time = 0; time < times; time += 1) {
      strikes.later(time * lastsMs, () => this.#crashOne(victim, random.rate(0.1, 0.9) * lastsMs));
    }
  }

  #losePower(lastsMs: number, random: Random): void {
    const { processes, coverage } = this.#parts;
    coverage.count('P5');
    for (const victim of processes) this.#crashOne(victim, lastsMs * random.rate(0.5, 1.5));
  }

  #crashOne(victim: SimProcess, lastsMs: number): void {
    if (victim.status === undefined) return;
    const { configuration } = victim.status;
    if (configuration.outgoing.length > 0) this.#parts.coverage.count('P12');
    victim.crash();
    const isNoticed = this.#parts.random.chance(NOTICED);
    for (const other of isNoticed ? this.#parts.processes : []) other.unreachable(victim.id);
    this.#parts.strikes.later(lastsMs, () => {
      if (victim.raft === undefined) victim.start();
    });
  }

  #pause(lastsMs: number, random: Random): void {
    const { queue, coverage } = this.#parts;
    const victim = this.#victim(random);
    if (victim.raft === undefined || victim.isPaused) return;
    coverage.count('P4');
    victim.pause();
    queue.after(lastsMs, () => {
      if (victim.isPaused && victim.raft !== undefined) victim.resume();
    });
  }

  /** To anyone, itself among them; now and then by two who both believe to lead. */
  #transfer(random: Random): void {
    const { processes, coverage, strikes } = this.#parts;
    const leading = processes.filter(({ raft }) => raft?.role === 'leader');
    for (const leader of leading) {
      coverage.count('O2');
      leader.transfer(random.pick(processes).id);
      if (!random.chance(DEAF_AFTER_TRANSFER)) continue;
      const others = processes.filter((other) => other !== leader).map(({ id }) => id);
      const lastsMs = random.rate(300, 2_000);
      strikes.later(random.exponential(DEAF_AFTER_MS), () => {
        this.#links.cutOff(leader.id, others, lastsMs);
      });
    }
  }

  #jumpClock(random: Random): void {
    const byMs = random.rate(-CLOCK_JUMP_MS_MAX, CLOCK_JUMP_MS_MAX);
    this.#parts.coverage.count(byMs > 0 ? 'K2' : 'K3');
    random.pick(this.#parts.processes).jumpClock(byMs);
  }

  /** Leaders are where it hurts. */
  #victim(random: Random): SimProcess {
    const { processes } = this.#parts;
    const leader = processes.find((process) => process.raft?.role === 'leader');
    const isLeader = leader !== undefined && random.chance(LEADER_BIAS);
    return isLeader ? leader : random.pick(processes);
  }
}
