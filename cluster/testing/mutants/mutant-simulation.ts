// The simulation with a mutant in it, in this thread.

import type { RunTask } from '../sim/run-seeds.ts';
import { variantUrl } from '../variants/load-variant.ts';
import { editOf, type Mutant } from './mutant.ts';

type Simulation = Pick<typeof import('../sim/run-task.ts'), 'runTask'>;

export async function simulationWith(mutant: Mutant): Promise<RunTask> {
  const url = variantUrl(mutant.id, editOf(mutant), 'testing/sim/run-task.ts');
  const { runTask }: Simulation = await import(url);
  return runTask;
}
