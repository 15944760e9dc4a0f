// The thread of mutant-thread.ts: takes seeds, says by which property the mutant was found.

import { parentPort, workerData } from 'node:worker_threads';
import type { Task } from '../sim/run-task.ts';
import { mutantOf } from './all-mutants.ts';
import { simulationWith } from './mutant-simulation.ts';
import type { Verdict } from './mutant-thread.ts';

const port = parentPort;
if (port === null) throw new Error('this file is run by mutant-thread.ts');
const runTask = await simulationWith(mutantOf(workerData));

async function verdictOf(task: Task): Promise<Verdict> {
  try {
    return { by: (await runTask(task)).violation?.property };
  } catch (error) {
    return { by: error instanceof Error ? error.message : String(error) };
  }
}

port.on('message', (task: Task) => {
  void verdictOf(task).then((verdict) => port.postMessage(verdict));
});
