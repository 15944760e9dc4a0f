// One seed in one of the worlds. Most seeds run the core in the small world, which is fast; every fifth runs
// whole nodes; and of these every fourth damages more disks than the cluster promises to survive.

import { runSimulation, type SimulationResult } from './simulation.ts';
import { runStack } from './stack/stack-world.ts';
import type { LeftOut } from './strikes.ts';

export type World = 'core' | 'stack' | 'beyond';

/** All that names a run; plain data, so that it can be sent to a worker or kept in a file. */
export interface Task {
  readonly world: World;
  readonly seed: number;
  readonly unsafeMs?: number;
  readonly leftOut?: LeftOut;
}

/** Of how many seeds one runs whole nodes. */
export const STACK_EVERY = 5;
const BEYOND_EVERY = 4;

export function worldOf(seed: number, stackEvery: number): World {
  if (stackEvery === 0 || seed % stackEvery !== 0) return 'core';
  return (seed / stackEvery) % BEYOND_EVERY === 0 ? 'beyond' : 'stack';
}

export async function runTask({ world, ...options }: Task): Promise<SimulationResult> {
  if (world === 'core') return runSimulation(options);
  const turn = Math.floor(options.seed / STACK_EVERY);
  return await runStack({ ...options, turn, beyond: world === 'beyond' });
}
