// Anonymous memory of a process, to the page: heaps, buffers and stacks, without the program's files, which
// other processes of the same program share (proc_pid_smaps(5)).
import { readFileSync } from 'node:fs';

/** KiB that the process holds now. */
export function processAnonymousKib(pid: number): number {
  return anonymousKibOf(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
}

/** The same from the text of /proc/PID/smaps_rollup, where kB are KiB. */
export function anonymousKibOf(rollup: string): number {
  const kib = /^Anonymous:\s+(\d+) kB$/m.exec(rollup)?.[1];
  if (kib === undefined) throw new Error('/proc/PID/smaps_rollup has another form');
  return Number(kib);
}
