// Runs the load in a process of its own and gives back what it reports.
import { join } from 'node:path';
import { Child } from '../harness/child.ts';
import type { LoadPlan, LoadReport } from './load-plan.ts';

const LOAD = join(import.meta.dirname, 'load-main.ts');
const LOAD_GRACE_MS = 60_000;

export async function runLoad(plan: LoadPlan): Promise<LoadReport> {
  const windows = plan.phases.reduce((sum, { seconds }) => sum + seconds, 0);
  const child = await Child.start({
    command: process.execPath,
    args: [LOAD, JSON.stringify(plan)],
  });
  return JSON.parse(await child.finished(windows * 1000 + LOAD_GRACE_MS));
}
