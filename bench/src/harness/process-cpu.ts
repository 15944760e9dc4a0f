// CPU time of a process with all its threads, ended ones included, as the kernel counts it: fields 14 and 15
// of /proc/PID/stat (proc_pid_stat(5)). The kernel shows them in hundredths of a second on every machine.
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;
const UTIME_AFTER_NAME = 11;
const STIME_AFTER_NAME = 12;

/** User and system seconds that the process has used so far. */
export function processCpuSeconds(pid: number): number {
  return cpuSecondsOf(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** The same from the text of /proc/PID/stat, in which the program's name may hold anything. */
export function cpuSecondsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[UTIME_AFTER_NAME]) + Number(fields[STIME_AFTER_NAME]);
  if (!Number.isSafeInteger(ticks)) throw new Error('/proc/PID/stat has another form');
  return ticks / TICKS_PER_SECOND;
}
