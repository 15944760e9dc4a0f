// Groups that rest: nobody rests for long on the word of a node that it does not hear, none is awake for long while the
// leader that it follows rests, a leader lets a group rest only as long as all others say that they have all of its log, and
// whoever says so has it. Counted in what a process has lived through: while it stands still, no time goes by for it.

import type { LogPlace, RaftStatus } from '../../../src/core/types.ts';
import { FRAME_KIND, type FrameKind } from '../../../src/format/peer-frame.ts';
import {
  decodeQuietGroups,
  decodeQuietPlaces,
  type QuietPlaces,
} from '../../../src/format/quiet-groups.ts';
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
  /** By node: which of the groups that are led here it last said to let rest. */
  readonly agreed: Map<string, QuietPlaces>;
  /** Since when a group has rested here, or been awake without a break. */
  readonly groups: Map<number, { readonly isResting: boolean; readonly sinceTick: number }>;
}

/** A group that its leader lets rest, and one of those who follow it there. */
interface Rested {
  readonly group: number;
  readonly node: string;
  readonly place: LogPlace;
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

  heard(from: string, to: string, kind: FrameKind, payload: Uint8Array): void {
    const machine = this.#machine(to);
    if (machine === undefined) return;
    const seen = this.#of(machine);
    seen.heardAtTick.set(from, seen.ticks);
    const said = kind === FRAME_KIND.quiet ? decodeQuietGroups(payload) : undefined;
    const agreed = said && decodeQuietPlaces(said.agreed);
    if (agreed !== undefined) seen.agreed.set(from, agreed);
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
    const raft = machine.driver?.member(group)?.raft;
    if (before?.isResting !== isResting) {
      seen.groups.set(group, { isResting, sinceTick: seen.ticks });
      if (isResting) this.#parts.coverage.count('raft.rested');
      else if (before !== undefined) this.#parts.coverage.count('raft.roused');
      if (isResting && raft !== undefined) checkDone(machine, group, raft.status());
    }
    // What it hears while it stops changes nothing any more.
    if (!isResting || raft === undefined || machine.isStopping) return;
    const isLed = raft.role === 'leader';
    const status = isLed ? raft.status() : undefined;
    const needed = status?.followers.map(({ node }) => node) ?? [raft.leader ?? ''];
    for (const node of needed) {
      const silentTicks = seen.ticks - (seen.heardAtTick.get(node) ?? 0);
      check(silentTicks <= SILENT_TICKS_MAX, 'conduct', () => {
        return `${machine.id} lets ${group} rest although ${node} is silent`;
      });
      if (status === undefined) continue;
      const place = { term: status.term, index: status.lastIndex };
      this.#checkWord(machine, seen, { group, node, place });
      this.#checkFollower(machine, seen, { group, node, place });
    }
  }

  /** A follower that says no more that it rests is awake, and has something to do. */
  #checkWord({ id }: SimMachine, { agreed }: Seen, { group, node, place }: Rested): void {
    const said = agreed.get(node)?.get(group);
    const isSame = said?.term === place.term && said.index === place.index;
    check(isSame, 'conduct', () => `${id} lets ${group} rest although ${node} does not agree`);
  }

  #checkFollower({ id }: SimMachine, { groups, ticks }: Seen, rested: Rested): void {
    const { group, node, place } = rested;
    const follower = this.#machine(node);
    const seen = this.#seen.get(node);
    if (follower?.isUp !== true || follower.life !== seen?.life) return;
    const raft = follower.damage === undefined ? follower.driver?.member(group)?.raft : undefined;
    const lastIndex = raft?.status().lastIndex ?? place.index;
    check(lastIndex >= place.index, 'conduct', () => {
      return `${id} lets ${group} rest at ${place.index} although ${node} has ${lastIndex}`;
    });
    const there = seen.groups.get(group);
    if (there === undefined || there.isResting) return;
    const restedTicks = ticks - (groups.get(group)?.sinceTick ?? ticks);
    const awakeTicks = seen.ticks - there.sinceTick;
    const isApart = Math.min(restedTicks, awakeTicks) > APART_TICKS_MAX;
    check(!isApart, 'conduct', () => `${id} lets ${group} rest while ${node} is awake`);
  }

  #machine(id: string): SimMachine | undefined {
    return this.#parts.machines.find((machine) => machine.id === id);
  }

  #of({ id, life, chip }: SimMachine): Seen {
    const known = this.#seen.get(id);
    if (known?.life === life) return known;
    const seen = {
      life,
      ticks: 0,
      lookedAtMs: chip.monotonicMs,
      heardAtTick: new Map(),
      agreed: new Map(),
      groups: new Map(),
    };
    this.#seen.set(id, seen);
    return seen;
  }
}

/** A group comes to rest where all of it is committed and applied. */
function checkDone({ id }: SimMachine, group: number, status: RaftStatus): void {
  const { lastIndex, durableIndex, commit, applied } = status;
  const isDone = [durableIndex, commit, applied].every((index) => index === lastIndex);
  check(isDone, 'conduct', () => {
    return `${id} lets ${group} rest at ${lastIndex}: ${durableIndex} stored, ${commit} committed, ${applied} applied`;
  });
}
