// Breaks disks. A fault atlas keeps the damage under what the cluster promises to survive: as long as most
// disks keep what they confirmed, nothing is lost and service goes on. Beyond it a seed may damage every
// disk; then nodes must refuse, and what is answered must still be right.

import { KEY_KIND } from '../../../src/format/store-key.ts';
import type { CoverageCounter } from '../coverage.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Random } from '../random.ts';
import type { Strikes } from '../strikes.ts';
import type { Backup } from './level-model.ts';
import type { SimMachine } from './sim-machine.ts';
import type { StackKind, StackSwarm } from './stack-swarm.ts';

const ALL: readonly [string, string] = ['', '\uffff'];
const ROWS: readonly [string, string] = [String.fromCharCode(KEY_KIND.row), '\uffff'];

export interface DiskNemesisParts {
  readonly swarm: StackSwarm;
  readonly queue: EventQueue;
  readonly strikes: Strikes;
  readonly machines: readonly SimMachine[];
  readonly coverage: CoverageCounter;
  /** More than the cluster promises to survive. */
  readonly beyond: boolean;
}

export class DiskNemesis {
  readonly #parts: DiskNemesisParts;
  readonly #backups = new Map<SimMachine, Backup>();

  constructor(parts: DiskNemesisParts) {
    this.#parts = parts;
  }

  start(): void {
    const { machines, coverage, strikes, queue } = this.#parts;
    this.#every('diskError', (_, random) => {
      random.pick(machines).faults.failNext(random.pick(['append', 'sync'] as const));
    });
    this.#every('diskFull', (lastsMs, random) => {
      const { faults } = random.pick(machines);
      faults.isFull = true;
      queue.after(lastsMs, () => {
        faults.isFull = false;
      });
    });
    this.#every('diskReadOnly', (lastsMs, random) => {
      const { faults } = random.pick(machines);
      faults.isReadOnly = true;
      queue.after(lastsMs, () => {
        faults.isReadOnly = false;
      });
    });
    this.#every('diskStall', (lastsMs, random) => {
      const victim = random.pick(machines);
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
      const victim = random.pick(machines);
      victim.faults.opensFail = true;
      victim.crash();
      victim.start();
      queue.after(lastsMs, () => {
        victim.faults.opensFail = false;
      });
    });
    this.#every('readFlip', (_, random) => random.pick(machines).faults.flipNextRead());
    this.#every('damage', (lastsMs, random) =>
      this.#damage(random.pick(machines), lastsMs, random),
    );
  }

  /** In a calm cluster a disk of the past comes back, or a known node on an empty one. */
  lastDamage(random: Random): SimMachine | undefined {
    if (!this.#parts.swarm.kinds.has('damage') || this.#parts.beyond) return undefined;
    const victim = [...this.#backups.keys()].find((machine) => this.#mayDamage(machine));
    const backup = victim && this.#backups.get(victim);
    if (victim === undefined || backup === undefined || !victim.isUp) return undefined;
    victim.crash();
    if (random.chance(0.7)) {
      this.#parts.coverage.count('P10');
      victim.model.restore(backup);
      victim.damage = 'restored';
    } else {
      this.#parts.coverage.count('P9');
      victim.model.wipe();
      victim.damage = 'wiped';
    }
    victim.start();
    return victim;
  }

  #every(kind: StackKind, strike: (lastsMs: number, random: Random) => void): void {
    this.#parts.strikes.every(kind, this.#parts.swarm.kinds.get(kind), strike);
  }

  #mayDamage(victim: SimMachine): boolean {
    const { machines, beyond } = this.#parts;
    if (victim.damage !== undefined) return false;
    const lost = machines.filter(({ damage, isRetired }) => damage !== undefined || isRetired);
    return beyond || lost.length < Math.floor((machines.length - 1) / 2);
  }

  #damage(victim: SimMachine, lastsMs: number, random: Random): void {
    if (!this.#mayDamage(victim)) return;
    if (!this.#parts.beyond && !this.#backups.has(victim) && random.chance(0.5)) {
      this.#backups.set(victim, victim.model.backup());
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
    this.#atRest(victim, random);
    this.#parts.strikes.later(lastsMs, () => victim.start());
  }

  #atRest(victim: SimMachine, random: Random): void {
    const { coverage } = this.#parts;
    const { model } = victim;
    switch (random.between(0, 3)) {
      case 0:
        if (!model.damageLog(random)) return;
        victim.damage = 'logMiddle';
        coverage.count('D4');
        return;
      case 1:
        if (!model.flipBit(random, ...ALL)) return;
        victim.damage = 'bitFlip';
        coverage.count('D5');
        return;
      case 2:
        if (!model.misdirect(random)) return;
        victim.damage = 'misdirected';
        coverage.count('D7');
        return;
      default:
        victim.damage = 'wiped';
        model.wipe();
        coverage.count('P9');
    }
  }
}
