// How many seeds of the simulation's general mix it takes to find a mutant. Nothing in the mix knows of it.

import type { runSimulation } from '../sim/simulation.ts';
import { variantUrl } from '../variants/load-variant.ts';
import { editOf, type Mutant } from './mutant.ts';

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
  /** The property that was violated, by the first hunt that ended. */
  readonly by: string | null;
}

type Simulation = Pick<typeof import('../sim/simulation.ts'), 'runSimulation'>;

export async function hunt(mutant: Mutant, { starts, seedsMax }: HuntOptions): Promise<Hunt> {
  const url = variantUrl(mutant.id, editOf(mutant), 'testing/sim/simulation.ts');
  const { runSimulation }: Simulation = await import(url);
  const seeds: (number | null)[] = [];
  let by: string | null = null;
  for (let start = 0; start < starts; start += 1) {
    const found = huntFrom(runSimulation, start * START_EVERY + 1, seedsMax);
    seeds.push(found?.seeds ?? null);
    by ??= found?.by ?? null;
  }
  return { seeds, by };
}

function huntFrom(
  run: typeof runSimulation,
  firstSeed: number,
  seedsMax: number,
): { readonly seeds: number; readonly by: string } | undefined {
  for (let seeds = 1; seeds <= seedsMax; seeds += 1) {
    const by = violationOf(run, firstSeed + seeds - 1);
    if (by !== undefined) return { seeds, by };
  }
  return undefined;
}

/** A mutant that breaks what runs it is found as well. */
function violationOf(run: typeof runSimulation, seed: number): string | undefined {
  try {
    return run({ seed }).violation?.property;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Of the hunts that ended; undefined if more than half were given up. */
export function medianSeeds({ seeds }: Hunt): number | undefined {
  const sorted = seeds.map((each) => each ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
  const median = sorted[Math.floor((sorted.length - 1) / 2)];
  return median === Number.POSITIVE_INFINITY ? undefined : median;
}
