// CPU seconds of several processes, which may come and go: a browser is a handful of them.
import { processCpuSeconds } from '../harness/process-cpu.ts';

export type CpuByProcess = ReadonlyMap<number, number>;

export function cpuOf(pids: readonly number[]): CpuByProcess {
  const seconds = new Map<number, number>();
  for (const pid of pids) {
    try {
      seconds.set(pid, processCpuSeconds(pid));
    } catch (error) {
      // It has ended since it was listed.
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }
  return seconds;
}

/** What those that are there afterwards have used in between. */
export function cpuSpent(before: CpuByProcess, after: CpuByProcess): number {
  let spent = 0;
  for (const [pid, seconds] of after) spent += seconds - (before.get(pid) ?? 0);
  return spent;
}
