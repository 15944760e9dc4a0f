// Breaks the full world: its network and its processes. What it does to disks is in disk-nemesis.ts.

import type { SnapshotChunk } from '../../../src/format/snapshot-payload.ts';
import { KEY_KIND } from '../../../src/format/store-key.ts';
import type { CoverageCounter } from '../coverage.ts';
import type { EventQueue } from '../event-queue.ts';
import type { CertainStackKind } from '../mix.ts';
import type { Random } from '../random.ts';
import type { Strikes } from '../strikes.ts';
import { check } from '../violation.ts';
import { forgeFrame } from './forged-frames.ts';
import type { SimMachine } from './sim-machine.ts';
import type { StackNetwork } from './stack-network.ts';
import type { StackKind, StackSwarm } from './stack-swarm.ts';

const CLOCK_JUMP_MS_MAX = 60_000;
const LEADER_BIAS = 0.5;
const CROSSINGS_MAX = 60;
/** Of so many chunks of snapshots; and of the last ones, of which each snapshot has but one. */
const SNAPSHOT_CUT = 0.2;
const SNAPSHOT_END_CUT = 0.4;
/** And of those that are cut: first so many, then up to so many. */
const SNAPSHOT_LAPSES = 0.5;
const SNAPSHOT_HANDED_OVER = 0.7;
const MOVED_PORTS = 1_000;
const SLOW_START_MS = 8_000;
const RESTART_LASTS_MS = 500;
const WRITTEN_KINDS = Object.values(KEY_KIND);

export interface NemesisParts {
  readonly swarm: StackSwarm;
  readonly queue: EventQueue;
  readonly strikes: Strikes;
  readonly network: StackNetwork;
  readonly machines: readonly SimMachine[];
  readonly coverage: CoverageCounter;
}

/** Those that have a place in the cluster now. */
export function membersOf(machines: readonly SimMachine[]): readonly SimMachine[] {
  return machines.filter(({ isMember }) => isMember);
}

export class StackNemesis {
  readonly #parts: NemesisParts;
  #moves = 0;

  constructor(parts: NemesisParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#startNetwork();
    this.#startProcesses();
    this.#startClocks();
  }

  /** One more of these, now. */
  strike(kind: Exclude<CertainStackKind, 'membership'>): void {
    this.#parts.strikes.once(kind, (random) => {
      if (kind === 'transfer') this.#transferAll(random);
      else this.#restart(this.#victim(random), RESTART_LASTS_MS);
    });
  }

  /**
   * A node that takes in a snapshot, or the one that sends it, dies in the midst of it; or another one leads from then on; or the
   * same one in a later term.
   */
  snapshotChunk(from: string, to: string, { isLast }: SnapshotChunk): void {
    const { swarm, strikes, machines, coverage } = this.#parts;
    if (!swarm.kinds.has('cutSnapshot')) return;
    strikes.once('cutSnapshot', (random) => {
      if (!random.chance(isLast ? SNAPSHOT_END_CUT : SNAPSHOT_CUT)) return;
      const sender = machines.find(({ id }) => id === from);
      const receiver = machines.find(({ id }) => id === to);
      if (sender === undefined || receiver === undefined) return;
      const draw = random.unit();
      if (draw < SNAPSHOT_LAPSES) {
        strikes.later(0, () => this.#lapse(sender, receiver, random));
        return;
      }
      if (draw < SNAPSHOT_HANDED_OVER) {
        strikes.later(0, () => this.#transfer(sender, random));
        return;
      }
      const victim = random.chance(0.5) ? sender : receiver;
      coverage.count('P11');
      victim.crashAfter(random.between(1, CROSSINGS_MAX));
      this.#startLater(victim, random.exponential(2_000));
    });
  }

  /**
   * The leader hears nobody for so long that it gives up, and nobody takes its place: the others stand still, and the receiver
   * lacks what it would take to lead. So the same node leads again, with the same state, and the receiver holds a part of it;
   * or all of it, but its disk is so slow that it knows of the later term first. The others stand still until it has begun.
   */
  #lapse(sender: SimMachine, receiver: SimMachine, random: Random): void {
    const { machines, network, strikes, coverage } = this.#parts;
    const [cutAfterMs, cutMs] = [random.rate(10, 200), random.rate(800, 2_500)];
    const others = membersOf(machines).filter((each) => each !== sender && each !== receiver);
    const pauseMs = cutAfterMs + cutMs + random.rate(3_000, 7_000);
    for (const { loop } of others) if (this.#pause(loop, pauseMs)) coverage.count('P4');
    if (random.chance(0.5)) receiver.faults.delayNext(cutAfterMs + cutMs + random.rate(0, 4_000));
    const isBrokenOff = random.chance(0.5);
    strikes.later(cutAfterMs, () => {
      coverage.count('N9');
      for (const [from, to] of [
        [sender.id, receiver.id],
        [receiver.id, sender.id],
      ] as const) {
        if (isBrokenOff) network.breakOff(from, to);
        else network.cut(from, to);
      }
    });
    strikes.later(cutAfterMs + cutMs, () => {
      network.healLink(sender.id, receiver.id);
      network.healLink(receiver.id, sender.id);
    });
  }

  #every(kind: StackKind, strike: (lastsMs: number, random: Random) => void): void {
    this.#parts.strikes.every(kind, this.#parts.swarm.kinds.get(kind), strike);
  }

  #startNetwork(): void {
    const { network, machines, coverage, strikes } = this.#parts;
    const ids = (): readonly string[] => membersOf(machines).map(({ id }) => id);
    const heals = (lastsMs: number): void => strikes.later(lastsMs, () => network.healLinks());
    const cutBoth = (a: string, b: string): void => {
      network.cut(a, b);
      network.cut(b, a);
    };
    this.#every('partition', (lastsMs, random) => {
      const [lone, ...others] = random.shuffled(ids());
      for (const other of others) cutBoth(lone ?? '', other);
      coverage.count('N6');
      heals(lastsMs);
    });
    this.#every('oneWay', (lastsMs, random) => {
      const [lone = '', ...others] = random.shuffled(ids());
      const onlySends = random.chance(0.5);
      const isBrokenOff = random.chance(0.5);
      for (const other of others) {
        const [from, to] = onlySends ? [other, lone] : [lone, other];
        if (isBrokenOff) network.breakOff(from, to);
        else network.cut(from, to);
      }
      coverage.count('N7');
      heals(lastsMs);
    });
    this.#every('bridge', (lastsMs, random) => {
      const [a = '', b = ''] = random.shuffled(ids());
      cutBoth(a, b);
      coverage.count('N8');
      heals(lastsMs);
    });
    this.#every('isolate', (lastsMs) => {
      const leader = this.#leader();
      if (leader === undefined) return;
      for (const other of ids()) if (other !== leader.id) cutBoth(leader.id, other);
      coverage.count('N9');
      heals(lastsMs);
    });
    this.#every('flapping', (lastsMs, random) => {
      const [a = '', b = ''] = random.shuffled(ids());
      coverage.count('N10');
      for (let atMs = 0; atMs < lastsMs; atMs += random.rate(20, 400)) {
        strikes.later(atMs, () => cutBoth(a, b));
        strikes.later(atMs + random.rate(10, 200), () => network.healLinks());
      }
      heals(lastsMs + 400);
    });
    this.#every('clog', (lastsMs, random) => {
      const [a = '', b = ''] = random.shuffled(ids());
      network.cut(a, b);
      strikes.later(lastsMs, () => network.healLink(a, b));
    });
    this.#every('reset', (_, random) => {
      const [a = '', b = ''] = random.shuffled(ids());
      if (network.reset(a, b)) coverage.count('N13');
    });
    this.#every('forged', (_, random) => this.#forge(random));
  }

  /** Whoever holds a member's key, but is not the member that this cluster knows. */
  #forge(random: Random): void {
    const [from, to] = random.shuffled(membersOf(this.#parts.machines));
    if (from === undefined || to?.cluster === undefined) return;
    const before = JSON.stringify(to.cluster.status().groups);
    const code = this.#parts.network.forge(from.id, to.id, forgeFrame(from, to, random));
    if (code === 'away') return;
    this.#parts.coverage.count('N15');
    check(code !== undefined, 'foreignFrames', () => `${to.id} takes a forged frame`);
    const after = JSON.stringify(to.cluster.status().groups);
    check(after === before, 'foreignFrames', () => `${to.id} heard a forged frame`);
  }

  #startProcesses(): void {
    const { machines, coverage, strikes } = this.#parts;
    this.#every('crash', (lastsMs, random) => {
      const victim = this.#victim(random);
      if (!victim.isUp) return;
      coverage.count('P1');
      victim.crash();
      const isSlow = random.chance(0.3);
      if (isSlow) coverage.count('P6');
      const slowMs = isSlow ? random.rate(500, SLOW_START_MS) : 0;
      strikes.later(lastsMs, () => victim.start(slowMs));
    });
    this.#every('crashAtOperation', (_, random) => {
      this.#victim(random).crashAfter(random.between(1, CROSSINGS_MAX));
    });
    // Of each kind as often as of any other: where a node seldom writes, it seldom dies by chance.
    this.#every('crashAtWrite', (_, random) => {
      this.#victim(random).crashAtWrite(random.pick(WRITTEN_KINDS));
    });
    this.#every('crashLoop', (lastsMs, random) => {
      const victim = this.#victim(random);
      coverage.count('P3');
      const times = random.between(3, 8);
      for (let time = 0; time < times; time += 1) {
        strikes.later(time * lastsMs, () => victim.crash());
        strikes.later((time + random.rate(0.1, 0.9)) * lastsMs, () => victim.start());
      }
      this.#startLater(victim, (times + 1) * lastsMs);
    });
    this.#every('powerLoss', (lastsMs, random) => {
      coverage.count('P5');
      for (const machine of membersOf(machines)) {
        machine.losePower();
        this.#startLater(machine, lastsMs * random.rate(0.5, 1.5));
      }
    });
    const pauses = (kind: StackKind, key: 'P4' | 'P7') =>
      this.#every(kind, (lastsMs, random) => {
        if (this.#pause(this.#victim(random).loop, lastsMs)) coverage.count(key);
      });
    pauses('pause', 'P4');
    pauses('stall', 'P7');
    this.#every('restart', (lastsMs, random) => this.#restart(this.#victim(random), lastsMs));
    this.#every('otherVersion', (lastsMs, random) => {
      const victim = this.#victim(random);
      victim.ruleVersion = victim.ruleVersion === 1 ? 2 : 1;
      coverage.count('P8');
      this.#restart(victim, lastsMs);
    });
    this.#every('move', (lastsMs, random) => {
      const members = membersOf(machines);
      const victim = random.pick(members);
      // Two who moved before anybody heard of the first could not find each other.
      if (members.length === 1 || !this.#knowAllAddresses()) return;
      this.#moves += 1;
      victim.address = `10.0.0.${machines.indexOf(victim) + 1}:${MOVED_PORTS + this.#moves}`;
      coverage.count('P13');
      this.#restart(victim, lastsMs);
    });
    this.#every('transfer', (_, random) => this.#transferAll(random));
  }

  #transferAll(random: Random): void {
    this.#parts.coverage.count('O2');
    for (const machine of this.#parts.machines) this.#transfer(machine, random);
  }

  #startClocks(): void {
    const { machines, coverage, strikes } = this.#parts;
    this.#every('tickBurst', (_, random) => {
      const victim = random.pick(membersOf(machines));
      if (victim.loop === undefined || !victim.isUp || victim.isPaused) return;
      coverage.count('K5');
      const times = random.between(2, 25);
      // A whole election timeout in a moment: the node campaigns though its leader is well.
      if (times >= 20) coverage.count('O3');
      victim.loop.burst(times);
    });
    this.#every('clockJump', (_, random) => {
      const byMs = random.rate(-CLOCK_JUMP_MS_MAX, CLOCK_JUMP_MS_MAX);
      coverage.count(byMs > 0 ? 'K2' : 'K3');
      random.pick(machines).chip.offsetMs += byMs;
    });
    this.#every('clockFreeze', (lastsMs, random) => {
      const { chip } = random.pick(machines);
      coverage.count('K4');
      chip.freeze();
      strikes.later(lastsMs, () => chip.thaw());
    });
  }

  #knowAllAddresses(): boolean {
    const machines = membersOf(this.#parts.machines);
    return machines.every(({ cluster }) => {
      const status = cluster?.status();
      if (status === undefined) return false;
      const known = [status.self, ...status.peers.map(({ node }) => node)];
      return known.every((node) =>
        machines.some(({ id, address }) => id === node.id && address === node.peerAddress),
      );
    });
  }

  /** False if it has nothing to pause. */
  #pause(loop: SimMachine['loop'], lastsMs: number): boolean {
    if (loop === undefined || !loop.isAlive || loop.isPaused) return false;
    loop.pause();
    // Also after the end: a process that hangs for good would be another fault.
    this.#parts.queue.after(lastsMs, () => loop.resume());
    return true;
  }

  #restart(victim: SimMachine, lastsMs: number): void {
    victim.stop((unanswered) => {
      this.#parts.coverage.count('restart.graceful');
      check(unanswered === 0, 'pendingPromise', () => `${victim.id} left ${unanswered} calls open`);
      this.#startLater(victim, lastsMs);
    });
    // What cannot stop in time is killed.
    this.#parts.strikes.later(10_000, () => {
      if (victim.cluster === undefined && victim.isUp) victim.crash();
      victim.start();
    });
  }

  #startLater(victim: SimMachine, delayMs: number): void {
    this.#parts.strikes.later(delayMs, () => victim.start());
  }

  #transfer(machine: SimMachine, random: Random): void {
    const { driver, cluster, loop } = machine;
    if (driver === undefined || cluster === undefined || loop?.isPaused === true) return;
    loop?.enter(() => {
      for (const group of cluster.groups) {
        if (!cluster.isLeader(group) || !random.chance(0.5)) continue;
        driver.member(group)?.raft.transfer(random.pick(membersOf(this.#parts.machines)).id);
        driver.wake(group);
      }
    });
  }

  #leader(): SimMachine | undefined {
    return this.#parts.machines.find(({ cluster }) => cluster?.isLeader(1) === true);
  }

  /** Leaders are where it hurts. */
  #victim(random: Random): SimMachine {
    const leader = this.#leader();
    const isLeader = random.chance(LEADER_BIAS);
    const other = random.pick(membersOf(this.#parts.machines));
    return isLeader && leader !== undefined ? leader : other;
  }
}
