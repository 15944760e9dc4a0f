// How many seeds of the simulation's general mix it takes to find a mutant. Nothing in the mix knows of it.

import { runTask, STACK_EVERY, type Task, worldOf } from '../sim/run-task.ts';
import { isInCore, type Mutant } from './mutant.ts';
import { MutantThread } from './mutant-thread.ts';

/** Far enough apart that no two hunts share a seed. */
const START_EVERY = 1_000_000;

export interface HuntOptions {
  /** How many hunts, each from seeds of its own. */
  readonly starts: number;
  readonly seedsMax: number;
}

export interface Hunt {
  /** What each hunt took; none where it was given up. */
  readonly seeds: readonly (number | null)[];
  /** How many seeds each hunt had at most. */
  readonly seedsMax: number;
  /** The property that was violated, by the first hunt that ended. */
  readonly by: string | null;
}

export async function hunt(mutant: Mutant, { starts, seedsMax }: HuntOptions): Promise<Hunt> {
  const seeds: (number | null)[] = [];
  let by: string | null = null;
  let thread = new MutantThread(mutant);
  try {
    for (let start = 0; start < starts; start += 1) {
      if (thread.isSpent) {
        await thread.stop();
        thread = new MutantThread(mutant);
      }
      const found = await huntFrom(mutant, thread, start * START_EVERY + 1, seedsMax);
      seeds.push(found?.seeds ?? null);
      by ??= found?.by ?? null;
    }
  } finally {
    await thread.stop();
  }
  return { seeds, seedsMax, by };
}

async function huntFrom(
  mutant: Mutant,
  thread: MutantThread,
  firstSeed: number,
  seedsMax: number,
): Promise<{ readonly seeds: number; readonly by: string } | undefined> {
  for (let seeds = 1; seeds <= seedsMax; seeds += 1) {
    const seed = firstSeed + seeds - 1;
    const world = worldOf(seed, STACK_EVERY);
    // It runs the core alone, where this mutant changes nothing.
    if (world === 'core' && !isInCore(mutant)) continue;
    const task = { world, seed };
    const by = await thread.run(task);
    if (by === undefined) continue;
    await requireSound(task);
    return { seeds, by };
  }
  return undefined;
}

/** It is the mutant that fails: the same run without it holds every property. */
async function requireSound(task: Task): Promise<void> {
  const { violation } = await runTask(task);
  if (violation === undefined) return;
  throw new Error(`${task.world} seed ${task.seed} fails without a mutant: ${violation.message}`);
}

/** Of the hunts that ended; undefined if more than half were given up. */
export function medianSeeds({ seeds }: Pick<Hunt, 'seeds'>): number | undefined {
  const sorted = seeds.map((each) => each ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  return median === Number.POSITIVE_INFINITY ? undefined : median;
}
