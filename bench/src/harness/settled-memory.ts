// Memory of a Node server that is in use, as it can be compared: read when the server rests, and after it gave
// back what is garbage, for which it was started with COLLECTS_GARBAGE.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { processCpuSeconds } from './process-cpu.ts';
import { processAnonymousKib } from './process-memory.ts';

const PRELOAD = pathToFileURL(join(import.meta.dirname, 'collect-garbage.ts')).href;
/** For the environment of the server. */
export const COLLECTS_GARBAGE = { NODE_OPTIONS: `--expose-gc --import ${PRELOAD}` };

/** What one collection finds, another one can free more of. */
const COLLECTIONS = 2;
const REST_MS = 500;
/** Heartbeats and leases go on in a server that rests. */
const REST_CPU_SECONDS_MAX = 0.05;
const RESTS_MAX = 40;

/** KiB in use once the process rests. */
export async function settledKib(pid: number): Promise<number> {
  await untilItRests(pid);
  for (let collection = 0; collection < COLLECTIONS; collection += 1) {
    process.kill(pid, 'SIGUSR2');
    await untilItRests(pid);
  }
  return processAnonymousKib(pid);
}

async function untilItRests(pid: number): Promise<void> {
  let used = processCpuSeconds(pid);
  for (let rest = 0; rest < RESTS_MAX; rest += 1) {
    await sleep(REST_MS);
    const before = used;
    used = processCpuSeconds(pid);
    if (used - before <= REST_CPU_SECONDS_MAX) return;
  }
  throw new Error(`process ${pid} does not come to rest`);
}
