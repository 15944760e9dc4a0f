// Swarm testing (Groce et al., 2012): each seed draws which faults exist at all, and then how bad
// they are. Runs with few kinds of fault reach states that runs with all of them never do.

import type { RaftLimits } from '../../src/core/types.ts';
import type { Random } from './random.ts';

export interface Disturbance {
  /** Mean time from one to the next. */
  readonly everyMs: number;
  /** Mean time it lasts. */
  readonly lastsMs: number;
}

export interface Swarm {
  readonly nodes: 1 | 3 | 5;
  readonly tickMs: number;
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  readonly limits: RaftLimits;
  readonly network: {
    readonly delayMeanMs: number;
    readonly drop: number;
    readonly delaySpike: number;
    readonly duplicate: number;
    readonly reorder: number;
    readonly replay: number;
    readonly corruptEntry: number;
  };
  readonly partition: (Disturbance & { readonly oneWay: number }) | undefined;
  readonly crash: (Disturbance & { readonly powerLoss: number }) | undefined;
  /** How often a new leader soon crashes, or soon reaches only a part of the others. */
  readonly shortReign:
    | {
        readonly chance: number;
        readonly crash: number;
        readonly afterMeanMs: number;
        readonly lastsMs: number;
      }
    | undefined;
  readonly pause: Disturbance | undefined;
  readonly unreachable: Disturbance | undefined;
  /** An operator moves leadership about. */
  readonly transfer: Disturbance | undefined;
  readonly disk: { readonly meanMs: number; readonly spike: number; readonly spikeMs: number };
  /** How far each node's clock may run fast or slow, and how often it jumps. */
  readonly clockDrift: number;
  readonly clockJump: Disturbance | undefined;
  /** Mean time that a snapshot takes, and after it the word of its end. */
  readonly snapshotMs: number;
  /** Chance that an input is not followed at once by taking the output. */
  readonly lateDrain: number;
  readonly client: {
    readonly everyMs: number;
    readonly burst: number;
    readonly bytesMax: number;
    readonly readEveryMs: number;
  };
  /** An operator who changes members, among more nodes than there are at first. */
  readonly membership: (Disturbance & { readonly spares: number }) | undefined;
  /** In the second phase a minority stays down for good. */
  readonly healsMinority: boolean;
}

const KIBIBYTE = 1024;

export function drawSwarm(random: Random): Swarm {
  const sometimes = (probability: number, min: number, max: number): number =>
    random.chance(probability) ? random.rate(min, max) : 0;
  const disturbance = (probability: number, everyMs: number, lastsMs: number) =>
    random.chance(probability)
      ? { everyMs: everyMs * random.rate(0.3, 2), lastsMs: lastsMs * random.rate(0.2, 2) }
      : undefined;
  const partition = disturbance(0.6, 6000, 3000);
  const crash = disturbance(0.6, 5000, 1500);
  const membership = disturbance(0.6, 2500, 0);
  const draw = random.unit();
  return {
    nodes: draw < 0.08 ? 1 : draw < 0.55 ? 3 : 5,
    tickMs: 50,
    electionTicks: 10,
    heartbeatTicks: random.between(1, 3),
    limits: drawLimits(random),
    network: {
      delayMeanMs: random.rate(0.5, 40),
      drop: sometimes(0.5, 0.01, 0.3),
      delaySpike: sometimes(0.4, 0.001, 0.03),
      duplicate: sometimes(0.5, 0.01, 0.3),
      reorder: sometimes(0.5, 0.01, 0.5),
      replay: sometimes(0.4, 0.005, 0.05),
      corruptEntry: sometimes(0.3, 0.001, 0.05),
    },
    partition: partition && { ...partition, oneWay: random.rate(0, 1) },
    crash: crash && { ...crash, powerLoss: sometimes(0.3, 0.02, 0.3) },
    shortReign: random.chance(0.5)
      ? {
          chance: random.rate(0.2, 1),
          crash: random.rate(0, 1),
          afterMeanMs: random.rate(2, 20) ** 2,
          lastsMs: random.rate(300, 3000),
        }
      : undefined,
    pause: disturbance(0.4, 6000, 1500),
    unreachable: disturbance(0.4, 1000, 0),
    transfer: disturbance(0.6, 3000, 0),
    disk: {
      meanMs: random.rate(0.2, 25),
      spike: sometimes(0.4, 0.001, 0.02),
      spikeMs: random.rate(100, 3000),
    },
    clockDrift: sometimes(0.5, 0.01, 0.3),
    clockJump: disturbance(0.4, 10_000, 0),
    snapshotMs: random.rate(1, 800),
    lateDrain: sometimes(0.5, 0.05, 0.6),
    client: {
      everyMs: random.rate(20, 300),
      burst: sometimes(0.5, 0.005, 0.15),
      bytesMax: random.between(16, 512),
      readEveryMs: random.rate(20, 300),
    },
    membership: membership && { ...membership, spares: random.between(1, 3) },
    healsMinority: random.chance(0.7),
  };
}

/** The same run without some kinds of fault. */
export function leaveOut(swarm: Swarm, kinds: readonly string[]): Swarm {
  const without = new Set(kinds);
  const kept = <Fields extends object>(fields: Fields): Fields =>
    Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [name, without.has(name) ? 0 : value]),
    ) as Fields;
  const { delayMeanMs, ...network } = swarm.network;
  return {
    ...swarm,
    network: { delayMeanMs, ...kept(network) },
    disk: kept(swarm.disk),
    ...kept({ clockDrift: swarm.clockDrift, lateDrain: swarm.lateDrain }),
  };
}

/** Kinds that are no blows: they run through all of a seed. */
export const STEADY_KINDS = [
  'drop',
  'delaySpike',
  'duplicate',
  'reorder',
  'replay',
  'corruptEntry',
  'spike',
  'clockDrift',
  'lateDrain',
] as const;

/** Small limits, so that windows fill and pages end. */
function drawLimits(random: Random): RaftLimits {
  const isTiny = random.chance(0.5);
  const logBytesKept = random.between(KIBIBYTE, 32 * KIBIBYTE);
  return {
    appendBytesMax: random.between(1, isTiny ? 300 : 4 * KIBIBYTE),
    inflightAppendsMax: random.between(1, 16),
    inflightBytesMax: random.between(1, 8 * KIBIBYTE),
    uncommittedBytesMax: random.between(2 * KIBIBYTE, 16 * KIBIBYTE),
    applyBytesMax: random.between(1, 4 * KIBIBYTE),
    logEntriesKept: random.between(2, isTiny ? 20 : 200),
    logBytesKept,
    logBytesMax: logBytesKept * random.between(2, 8),
    readsMax: random.between(2, 40),
  };
}
