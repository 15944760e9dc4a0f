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

/** What the nemesis does, each a kind that a seed has or has not. */
const KINDS = [
  'partition',
  'oneWay',
  'bridge',
  'isolate',
  'flapping',
  'clog',
  'unreachable',
  'crash',
  'crashLoop',
  'powerLoss',
  'pause',
  'transfer',
  'membership',
  'clockJump',
] as const;

export type Kind = (typeof KINDS)[number];

export interface Swarm {
  readonly nodes: 1 | 3 | 5;
  /** More nodes than there are members at first: always one, so that somebody can join. */
  readonly spares: number;
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
  readonly kinds: ReadonlyMap<Kind, Disturbance>;
  /** How often a new leader soon crashes, or soon reaches only a part of the others. */
  readonly shortReign:
    | {
        readonly chance: number;
        readonly crash: number;
        readonly afterMeanMs: number;
        readonly lastsMs: number;
      }
    | undefined;
  readonly disk: { readonly meanMs: number; readonly spike: number; readonly spikeMs: number };
  /** How far each node's clock may run fast or slow. */
  readonly clockDrift: number;
  /** Mean time that a snapshot takes, and after it the word of its end. */
  readonly snapshotMs: number;
  /** Chance that an input is not followed at once by taking the output. */
  readonly lateDrain: number;
  /** Busy times and quiet ones in turn; means of how long they last, and of what comes in the busy ones. */
  readonly client: {
    readonly busyMs: number;
    readonly quietMs: number;
    readonly everyMs: number;
    readonly readEveryMs: number;
    readonly burst: number;
    readonly bytesMax: number;
  };
  /** All that takes time takes everywhere the same: only chance in the core itself breaks a tie. */
  readonly isInStep: boolean;
  /** It ends at a bad moment for whoever leads. */
  readonly hasLastBlow: boolean;
  /** In the second phase a minority stays down for good. */
  readonly healsMinority: boolean;
}

/** Chance that a seed has it, mean time between two, and how long it lasts, in milliseconds. */
const USUAL: Readonly<Record<Kind, readonly [chance: number, everyMs: number, lastsMs: number]>> = {
  partition: [0.5, 8_000, 3_000],
  oneWay: [0.4, 10_000, 3_000],
  bridge: [0.25, 12_000, 5_000],
  isolate: [0.3, 10_000, 3_000],
  flapping: [0.2, 15_000, 3_000],
  clog: [0.3, 5_000, 800],
  unreachable: [0.4, 1_000, 0],
  crash: [0.6, 5_000, 1_500],
  crashLoop: [0.2, 15_000, 400],
  powerLoss: [0.25, 20_000, 1_500],
  pause: [0.4, 6_000, 1_500],
  transfer: [0.6, 3_000, 0],
  membership: [0.65, 2_500, 0],
  clockJump: [0.4, 10_000, 0],
};

const KIBIBYTE = 1_024;
/** In most seeds all goes wrong all the time; in the others as in a bad data centre. */
const BRUTAL = 0.65;
const IN_STEP = 0.15;
const LAST_BLOW = 0.85;

export function drawSwarm(random: Random): Swarm {
  const sometimes = (probability: number, min: number, max: number): number =>
    random.chance(probability) ? random.rate(min, max) : 0;
  const draw = random.unit();
  const kinds = drawKinds(random.fork('kinds'));
  const isInStep = random.fork('step').chance(IN_STEP);
  return {
    nodes: draw < 0.06 ? 1 : draw < 0.7 ? 3 : 5,
    spares: kinds.has('membership') ? random.between(1, 3) : 1,
    tickMs: random.pick([50, 100, 200, 200]),
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
    kinds,
    shortReign: random.chance(0.5)
      ? {
          chance: random.rate(0.2, 1),
          crash: random.rate(0, 1),
          afterMeanMs: random.rate(2, 20) ** 2,
          lastsMs: random.rate(300, 3000),
        }
      : undefined,
    disk: {
      meanMs: random.rate(0.2, 25),
      spike: sometimes(0.4, 0.001, 0.02),
      spikeMs: random.rate(100, 3000),
    },
    clockDrift: isInStep ? 0 : sometimes(0.5, 0.01, 0.3),
    snapshotMs: random.rate(1, 800),
    lateDrain: sometimes(0.5, 0.05, 0.6),
    client: {
      busyMs: random.rate(1_000, 6_000),
      quietMs: random.rate(15_000, 50_000),
      everyMs: random.rate(25, 300),
      readEveryMs: random.rate(25, 300),
      burst: sometimes(0.5, 0.005, 0.1),
      bytesMax: random.between(16, 512),
    },
    isInStep,
    hasLastBlow: random.fork('end').chance(LAST_BLOW),
    healsMinority: random.chance(0.7),
  };
}

function drawKinds(random: Random): ReadonlyMap<Kind, Disturbance> {
  const pace = random.chance(BRUTAL) ? 1 : random.rate(2, 10);
  const kinds = new Map<Kind, Disturbance>();
  for (const kind of KINDS) {
    const [chance, everyMs, lastsMs] = USUAL[kind];
    const drawn = {
      everyMs: everyMs * pace * random.rate(0.3, 2),
      lastsMs: lastsMs * random.rate(0.2, 2),
    };
    if (random.chance(chance)) kinds.set(kind, drawn);
  }
  return kinds;
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
