// Breaks disks. A fault atlas keeps the damage under what the cluster promises to survive: as long as most
// disks keep what they confirmed, nothing is lost and service goes on. Beyond it a seed may damage every
// disk; then nodes must refuse, and what is answered must still be right.

import { KEY_KIND } from '../../../src/format/store-key.ts';
import type { CoverageCounter } from '../coverage.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Random } from '../random.ts';
import type { Strikes } from '../strikes.ts';
import type { Backup } from './level-model.ts';
import type { Damage, SimMachine } from './sim-machine.ts';
import type { SimNote } from './sim-note.ts';
import { membersOf } from './stack-nemesis.ts';
import type { StackNetwork } from './stack-network.ts';
import type { StackKind, StackSwarm } from './stack-swarm.ts';

/** Of a group; with fewer nodes one votes alone. */
const VOTERS = 3;
/** How often a disk of the past comes back where nobody hears its node at first. */
const UNHEARD = 0.7;
const UNHEARD_MS_MAX = 6_000;
/** And how often it hears the others meanwhile. */
const HEARS = 0.7;
/** Instead of that of a moment ago, where there is one. */
const OLD_COPY = 0.3;
const ALL: readonly [string, string] = ['', '\uffff'];
const ROWS: readonly [string, string] = [String.fromCharCode(KEY_KIND.row), '\uffff'];

export interface DiskNemesisParts {
  readonly swarm: StackSwarm;
  readonly queue: EventQueue;
  readonly strikes: Strikes;
  readonly machines: readonly SimMachine[];
  readonly network: StackNetwork;
  readonly coverage: CoverageCounter;
  /** More than the cluster promises to survive. */
  readonly beyond: boolean;
}

/** A copy of all that a machine has of its node, and whom that node knew then. */
interface MachineBackup {
  readonly peers: readonly string[];
  readonly store: Backup;
  readonly note: ReturnType<SimNote['backup']>;
}

export class DiskNemesis {
  readonly #parts: DiskNemesisParts;
  readonly #backups = new Map<SimMachine, MachineBackup>();

  constructor(parts: DiskNemesisParts) {
    this.#parts = parts;
  }

  start(): void {
    const { machines, coverage, strikes, queue } = this.#parts;
    this.#every('diskError', (_, random) => {
      random.pick(membersOf(machines)).faults.failNext(random.pick(['append', 'sync'] as const));
    });
    this.#every('diskFull', (lastsMs, random) => {
      const { faults } = random.pick(membersOf(machines));
      faults.isFull = true;
      queue.after(lastsMs, () => {
        faults.isFull = false;
      });
    });
    this.#every('nearlyFull', (lastsMs, random) => {
      const { space } = random.pick(membersOf(machines));
      space.fill();
      queue.after(lastsMs, () => space.clear());
    });
    this.#every('diskReadOnly', (lastsMs, random) => {
      const { faults } = random.pick(membersOf(machines));
      faults.isReadOnly = true;
      queue.after(lastsMs, () => {
        faults.isReadOnly = false;
      });
    });
    this.#every('diskStall', (lastsMs, random) => {
      const victim = random.pick(membersOf(machines));
      if (!victim.isUp) return;
      coverage.count('D11');
      victim.faults.stall();
      // No write ever ends: somebody kills the process, sooner or later.
      strikes.later(lastsMs, () => {
        if (!victim.faults.isStalled) return;
        victim.crash();
        victim.start();
      });
    });
    this.#every('openFails', (lastsMs, random) => {
      const victim = random.pick(membersOf(machines));
      victim.faults.opensFail = true;
      victim.crash();
      victim.start();
      queue.after(lastsMs, () => {
        victim.faults.opensFail = false;
      });
    });
    this.#every('readFlip', (_, random) => random.pick(membersOf(machines)).faults.flipNextRead());
    this.#every('damage', (lastsMs, random) =>
      this.#damage(random.pick(membersOf(machines)), lastsMs, random),
    );
  }

  /** Whose disk may be lost once all is well: best one that was copied before. */
  lastVictim(): SimMachine | undefined {
    const { swarm, beyond, machines } = this.#parts;
    if (!swarm.kinds.has('damage') || beyond) return undefined;
    return [...this.#backups.keys(), ...machines].find(
      (machine) => machine.isUp && this.#mayDamage(machine),
    );
  }

  /** In a calm cluster, which has heard of all that was there, a disk of the past comes back, or a known node on an empty one. */
  lastDamage(victim: SimMachine, random: Random): void {
    const { coverage } = this.#parts;
    victim.crash();
    victim.beforeDamage = victim.model.live.copy();
    const isOfThePast =
      random.chance(0.7) && this.#takeBack(victim, random, this.#backups.get(victim));
    coverage.count(isOfThePast ? 'P10' : 'P9');
    if (random.chance(UNHEARD)) this.#cutOff(victim, random);
    victim.damage = isOfThePast ? 'restored' : this.#wipe(victim);
    victim.start();
  }

  /**
   * To when it was copied, or to a moment ago, as if all of the machine had been copied then. False if nobody could tell: what it
   * wrote last it may not have told to everybody yet.
   */
  #takeBack({ id, model, note }: SimMachine, random: Random, backup?: MachineBackup): boolean {
    if (backup !== undefined && random.chance(OLD_COPY) && this.#isSomebodyLeft(backup)) {
      model.restore(backup.store);
      note.restore(backup.note);
      return true;
    }
    const { machines, network } = this.#parts;
    const others = membersOf(machines).filter((machine) => machine.id !== id);
    const heard = Math.min(...others.map((other) => network.newestHeard(id, other.id)));
    const first = model.cutLog(random);
    if (first === undefined || first > heard) return false;
    note.restore([first - 1, 0]);
    return true;
  }

  /** Whom all others have replaced since then nobody tells anything: it stands alone, and harms nobody. */
  #isSomebodyLeft({ peers }: MachineBackup): boolean {
    return membersOf(this.#parts.machines).some(({ id }) => peers.includes(id));
  }

  /** What it writes until it is heard may be as much as it had lost. */
  #cutOff({ id }: SimMachine, random: Random): void {
    const { machines, network, queue, coverage } = this.#parts;
    const hears = random.chance(HEARS);
    coverage.count(hears ? 'N7' : 'N6');
    for (const other of machines) {
      network.breakOff(id, other.id);
      if (!hears) network.breakOff(other.id, id);
    }
    queue.after(random.rate(500, UNHEARD_MS_MAX), () => network.healLinks());
  }

  #every(kind: StackKind, strike: (lastsMs: number, random: Random) => void): void {
    this.#parts.strikes.every(kind, this.#parts.swarm.kinds.get(kind), strike);
  }

  #mayDamage(victim: SimMachine): boolean {
    const { machines, beyond, swarm } = this.#parts;
    if (victim.damage !== undefined || !victim.isMember) return false;
    if (beyond) return true;
    const members = membersOf(machines);
    const lost = members.filter(({ damage, isRetired }) => damage !== undefined || isRetired);
    return isSettled(members) && lost.length === 0 && swarm.nodes >= VOTERS;
  }

  #damage(victim: SimMachine, lastsMs: number, random: Random): void {
    if (!this.#mayDamage(victim)) return;
    const { swarm, beyond } = this.#parts;
    if (!beyond && (swarm.damageComesLast || (!this.#backups.has(victim) && random.chance(0.5)))) {
      const peers = victim.cluster?.status().peers.map(({ node }) => node.id) ?? [];
      const [store, note] = [victim.model.backup(), victim.note.backup()];
      this.#backups.set(victim, { peers, store, note });
      return;
    }
    // Only rows change under a running process without its knowing: it holds its log in memory.
    if (victim.isUp && random.chance(0.4)) {
      if (!victim.model.flipBit(random, ...ROWS)) return;
      victim.damage = 'bitFlip';
      this.#parts.coverage.count('D5');
      return;
    }
    victim.crash();
    const before = victim.model.live.copy();
    victim.damage = this.#atRest(victim, random);
    if (victim.damage !== undefined) victim.beforeDamage = before;
    this.#parts.strikes.later(lastsMs, () => victim.start());
  }

  /** Undefined if there was nothing to break, or nothing that anybody was told of. */
  #atRest(victim: SimMachine, random: Random): Damage | undefined {
    const { coverage } = this.#parts;
    const { model, note } = victim;
    switch (random.between(0, 4)) {
      case 0:
        if (!model.damageLog(random)) return undefined;
        coverage.count('D4');
        return 'logMiddle';
      case 1:
        if (!model.flipBit(random, ...ALL)) return undefined;
        coverage.count('D5');
        return 'bitFlip';
      case 2:
        if (!model.misdirect(random)) return undefined;
        coverage.count('D7');
        return 'misdirected';
      case 3: {
        // Power went, and the note with it: nothing on this disk says that there was more (docs/operations.md).
        if (note.isBehind) return undefined;
        const first = model.cutLog(random);
        if (first === undefined) return undefined;
        coverage.count('D14');
        // What of the note is there after that is on the disk: another loss of power does not take it.
        note.restore(note.backup());
        // Else it is as if the last batch had not been written: nobody was told of it.
        return first <= note.newest ? 'cut' : undefined;
      }
      default:
        coverage.count('P9');
        return this.#wipe(victim);
    }
  }

  #wipe({ model, note }: SimMachine): Damage {
    model.wipe();
    note.restore([0, 0]);
    return 'wiped';
  }
}

/** Whoever leaves may be missed already; and where others have yet to become voters there may be one only. */
function isSettled(members: readonly SimMachine[]): boolean {
  const views = members.flatMap(({ cluster }) => cluster?.status().groups ?? []);
  const areVoters = views.every(({ members: { voters, outgoing } }) => {
    return voters.length >= VOTERS && outgoing.length === 0;
  });
  return (
    views.length > 0 && areVoters && members.every(({ membership }) => membership === 'member')
  );
}
