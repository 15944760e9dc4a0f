// Memory of a process, to the page (proc_pid_smaps(5)).
import { readFileSync } from 'node:fs';

/** KiB of heaps, buffers and stacks, without the program's files, which others of the same program share. */
export function processAnonymousKib(pid: number): number {
  return anonymousKibOf(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'));
}

/** KiB of all that lies in memory now, files included. */
export function processResidentKib(pid: number): number {
  return kibOf(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'), /^Rss:\s+(\d+) kB$/m);
}

/** The same from the text of /proc/PID/smaps_rollup, where kB are KiB. */
export function anonymousKibOf(rollup: string): number {
  return kibOf(rollup, /^Anonymous:\s+(\d+) kB$/m);
}

function kibOf(rollup: string, line: RegExp): number {
  const kib = line.exec(rollup)?.[1];
  if (kib === undefined) throw new Error('/proc/PID/smaps_rollup has another form');
  return Number(kib);
}
