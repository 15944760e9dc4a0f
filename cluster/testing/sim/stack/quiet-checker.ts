// Groups that rest: nobody rests for long on the word of a node that it does not hear, and none is awake for long while the
// leader that it follows rests. Counted in what a process has lived through: while it stands still, no time goes by for it.

import { DEFAULT_TIMING } from '../../../src/options.ts';
import type { CoverageCounter } from '../coverage.ts';
import { check } from '../violation.ts';
import type { SimMachine } from './sim-machine.ts';
import type { StackSwarm } from './stack-swarm.ts';

/** So often groups are looked at, and no less between two looks is taken for a standstill. */
const LOOK_TICKS = 2;
const SILENT_TICKS_MAX = 2 * DEFAULT_TIMING.electionTicks;
/** What was on its way, or waited behind something that stood still, may make it look well for as long. */
const APART_TICKS_MAX = 100;

/** What was seen of one life of a process. */
interface Seen {
  readonly life: number;
  ticks: number;
  lookedAtMs: number;
  readonly heardAtTick: Map<string, number>;
  /** Since when a group has rested here, or been awake without a break. */
  readonly groups: Map<number, { readonly isResting: boolean; readonly sinceTick: number }>;
}

export interface QuietCheckerParts {
  readonly machines: readonly SimMachine[];
  readonly groups: readonly number[];
  readonly swarm: StackSwarm;
  readonly coverage: CoverageCounter;
}

export class QuietChecker {
  readonly #parts: QuietCheckerParts;
  readonly #seen = new Map<string, Seen>();

  constructor(parts: QuietCheckerParts) {
    this.#parts = parts;
  }

  heard(from: string, to: string): void {
    const seen = this.#seen.get(to);
    seen?.heardAtTick.set(from, seen.ticks);
  }

  afterEvent(machine: SimMachine): void {
    const { driver, chip } = machine;
    if (driver === undefined || !machine.isUp) return;
    const { swarm, groups } = this.#parts;
    const seen = this.#of(machine);
    const elapsedTicks = (chip.monotonicMs - seen.lookedAtMs) / swarm.tickMs;
    if (elapsedTicks < LOOK_TICKS) return;
    seen.lookedAtMs = chip.monotonicMs;
    seen.ticks += LOOK_TICKS;
    for (const group of groups) this.#look(machine, seen, group, driver.isResting(group));
  }

  #look(machine: SimMachine, seen: Seen, group: number, isResting: boolean): void {
    const before = seen.groups.get(group);
    if (before?.isResting !== isResting) {
      seen.groups.set(group, { isResting, sinceTick: seen.ticks });
      if (isResting) this.#parts.coverage.count('raft.rested');
      else if (before !== undefined) this.#parts.coverage.count('raft.roused');
    }
    const raft = machine.driver?.member(group)?.raft;
    if (!isResting || raft === undefined) return;
    const isLed = raft.role === 'leader';
    const needed = isLed ? raft.status().followers.map(({ node }) => node) : [raft.leader ?? ''];
    for (const node of needed) {
      const silentTicks = seen.ticks - (seen.heardAtTick.get(node) ?? 0);
      check(silentTicks <= SILENT_TICKS_MAX, 'conduct', () => {
        return `${machine.id} lets ${group} rest although ${node} is silent`;
      });
      if (isLed) this.#checkFollower(machine, seen, group, node);
    }
  }

  #checkFollower({ id }: SimMachine, { groups, ticks }: Seen, group: number, node: string): void {
    const follower = this.#parts.machines.find((machine) => machine.id === node);
    const seen = this.#seen.get(node);
    if (follower?.isUp !== true || follower.life !== seen?.life) return;
    const there = seen.groups.get(group);
    if (there === undefined || there.isResting) return;
    const restedTicks = ticks - (groups.get(group)?.sinceTick ?? ticks);
    const awakeTicks = seen.ticks - there.sinceTick;
    const isApart = Math.min(restedTicks, awakeTicks) > APART_TICKS_MAX;
    check(!isApart, 'conduct', () => `${id} lets ${group} rest while ${node} is awake`);
  }

  #of({ id, life, chip }: SimMachine): Seen {
    const known = this.#seen.get(id);
    if (known?.life === life) return known;
    const lookedAtMs = chip.monotonicMs;
    const seen = { life, ticks: 0, lookedAtMs, heardAtTick: new Map(), groups: new Map() };
    this.#seen.set(id, seen);
    return seen;
  }
}
