// Which faults a seed of the full world has at all, and how bad they are.

import type { RaftLimits } from '../../../src/core/types.ts';
import type { Random } from '../random.ts';
import type { Disturbance } from '../swarm.ts';

/** What the nemesis does, each a kind that a seed has or has not. */
export const STACK_KINDS = [
  'partition',
  'oneWay',
  'bridge',
  'isolate',
  'flapping',
  'clog',
  'reset',
  'forged',
  'crash',
  'crashAtOperation',
  'crashAtWrite',
  'crashLoop',
  'pause',
  'powerLoss',
  'membership',
  'stall',
  'otherVersion',
  'move',
  'restart',
  'transfer',
  'tickBurst',
  'clockJump',
  'clockFreeze',
  'diskError',
  'diskFull',
  'nearlyFull',
  'diskReadOnly',
  'diskStall',
  'openFails',
  'readFlip',
  'damage',
  'idle',
  'clientBurst',
  'cutSnapshot',
] as const;

export type StackKind = (typeof STACK_KINDS)[number];

export interface StackSwarm {
  readonly nodes: 1 | 3;
  /** Machines that can join. */
  readonly spares: number;
  readonly shardGroups: number;
  readonly tickMs: number;
  readonly unsafeMs: number;
  /** How long nothing may change once all is well, in election timeouts. */
  readonly calmTimeouts: number;
  readonly limits: RaftLimits;
  readonly snapshotChunkBytes: number;
  readonly network: {
    readonly delayMeanMs: number;
    readonly delaySpike: number;
    readonly delaySpikeMs: number;
    readonly corrupt: number;
    readonly queueBytesMax: number;
  };
  readonly disk: {
    readonly meanMs: number;
    readonly spike: number;
    readonly spikeMs: number;
    readonly readMs: number;
    readonly pageRows: number;
    readonly logRecordsMax: number;
  };
  readonly clockDrift: number;
  readonly turnMs: number;
  readonly kinds: ReadonlyMap<StackKind, Disturbance>;
  readonly client: {
    readonly clients: number;
    readonly keys: number;
    readonly everyMs: number;
    readonly timeoutMs: number;
    readonly bytesMax: number;
  };
  readonly healsMinority: boolean;
  /** Disks are whole until all is well again. */
  readonly damageComesLast: boolean;
}

/** Mean times between two, and for how long, in milliseconds. */
const USUAL: Readonly<Record<StackKind, readonly [everyMs: number, lastsMs: number]>> = {
  partition: [12_000, 4_000],
  oneWay: [12_000, 4_000],
  bridge: [15_000, 5_000],
  isolate: [12_000, 4_000],
  flapping: [15_000, 3_000],
  clog: [6_000, 800],
  reset: [2_000, 0],
  forged: [3_000, 0],
  crash: [8_000, 1_500],
  crashAtOperation: [8_000, 1_500],
  crashAtWrite: [5_000, 0],
  crashLoop: [20_000, 300],
  pause: [8_000, 2_000],
  powerLoss: [25_000, 1_500],
  membership: [8_000, 0],
  stall: [5_000, 150],
  otherVersion: [15_000, 500],
  move: [20_000, 500],
  restart: [15_000, 500],
  transfer: [3_000, 0],
  tickBurst: [5_000, 0],
  clockJump: [10_000, 0],
  clockFreeze: [15_000, 4_000],
  diskError: [12_000, 0],
  diskFull: [20_000, 3_000],
  nearlyFull: [15_000, 4_000],
  diskReadOnly: [20_000, 3_000],
  diskStall: [20_000, 4_000],
  openFails: [15_000, 3_000],
  readFlip: [20_000, 0],
  damage: [25_000, 0],
  idle: [15_000, 8_000],
  clientBurst: [10_000, 0],
  cutSnapshot: [5_000, 0],
};

const KIND_CHANCE = 0.3;
/** Of those that strike seldom in a run, or only where others do, or that others need. */
const CHANCES: Partial<Readonly<Record<StackKind, number>>> = {
  damage: 0.6,
  diskError: 0.5,
  membership: 0.7,
  crashAtWrite: 0.5,
  cutSnapshot: 0.6,
};
const SPARES_MAX = 3;

/** One run in so many has a hundred groups. */
const WIDE_EVERY = 16;

export function drawStackSwarm(
  random: Random,
  { turn, beyond }: { readonly turn: number; readonly beyond: boolean },
): StackSwarm {
  const sometimes = (probability: number, min: number, max: number): number =>
    random.chance(probability) ? random.rate(min, max) : 0;
  const kinds = new Map<StackKind, Disturbance>();
  for (const [at, kind] of STACK_KINDS.entries()) {
    const isInTurn = turn % STACK_KINDS.length === at || (beyond && kind === 'damage');
    const isThere = random.chance(CHANCES[kind] ?? KIND_CHANCE) || isInTurn;
    const [everyMs, lastsMs] = USUAL[kind];
    const drawn = {
      everyMs: everyMs * random.rate(0.4, 2),
      lastsMs: lastsMs * random.rate(0.2, 2),
    };
    if (isThere) kinds.set(kind, drawn);
  }
  const isWide = turn % WIDE_EVERY === WIDE_EVERY - 1;
  return {
    nodes: random.chance(0.06) && !beyond ? 1 : 3,
    // A hundred groups would change their members for longer than such a run lasts.
    spares: isWide ? 0 : kinds.has('membership') ? random.between(1, SPARES_MAX) : 1,
    shardGroups: isWide ? 100 : random.between(1, 3),
    tickMs: 50,
    // A hundred groups take as much work as a hundred clusters.
    unsafeMs: isWide ? 7_000 : 90_000,
    calmTimeouts: isWide ? 5 : 25,
    limits: drawLimits(random),
    snapshotChunkBytes: random.between(100, 1_500),
    network: {
      delayMeanMs: random.rate(0.3, 25),
      delaySpike: sometimes(0.4, 0.001, 0.02),
      delaySpikeMs: random.rate(50, 2_000),
      corrupt: sometimes(0.3, 0.0005, 0.01),
      queueBytesMax: random.chance(0.3) ? random.between(2_000, 20_000) : 16_777_216,
    },
    disk: {
      meanMs: random.rate(0.2, 20),
      spike: sometimes(0.4, 0.001, 0.02),
      spikeMs: random.rate(100, 2_000),
      readMs: sometimes(0.3, 0.05, 3),
      pageRows: random.between(1, 200),
      logRecordsMax: random.between(3, 400),
    },
    clockDrift: sometimes(0.5, 0.01, 0.3),
    turnMs: sometimes(0.6, 0.1, 8),
    kinds,
    client: {
      clients: random.between(1, 6),
      keys: random.between(1, 6),
      everyMs: random.rate(150, 900),
      timeoutMs: random.rate(500, 6_000),
      bytesMax: random.between(16, 600),
    },
    healsMinority: random.chance(0.7),
    damageComesLast: !beyond && random.chance(0.35),
  };
}

/** Small ones, so that windows fill, pages end, logs are cut to their tips and snapshots are needed. */
function drawLimits(random: Random): RaftLimits {
  const isTiny = random.chance(0.5);
  const logBytesKept = random.between(500, 16_384);
  return {
    appendBytesMax: random.between(200, 8_192),
    inflightAppendsMax: random.between(1, 16),
    inflightBytesMax: random.between(1_000, 16_384),
    uncommittedBytesMax: random.between(1_024, 16_384),
    applyBytesMax: random.between(100, 8_192),
    logEntriesKept: isTiny ? random.between(0, 10) : random.between(20, 300),
    logBytesKept,
    logBytesMax: logBytesKept * random.between(2, 6),
    readsMax: random.between(2, 40),
  };
}
