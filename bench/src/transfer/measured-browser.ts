// A Chromium of its own for one end, with a profile on the disk and the process ids of all its parts.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openProfile } from '@rockpool/e2e';
import { type CpuByProcess, cpuOf } from './cpu-by-process.ts';

type Context = Awaited<ReturnType<typeof openProfile>>;

export interface MeasuredBrowser {
  readonly context: Context;
  cpu(): Promise<CpuByProcess>;
  close(): Promise<void>;
}

export async function openMeasuredBrowser(): Promise<MeasuredBrowser> {
  await using opening = new AsyncDisposableStack();
  const profile = await mkdtemp(join(tmpdir(), 'rockpool-bench-browser-'));
  opening.defer(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  const context = await openProfile(profile);
  opening.defer(() => context.close());
  const devTools = await context.browser()?.newBrowserCDPSession();
  if (devTools === undefined) throw new Error('the browser does not show its processes');
  const opened = opening.move();
  return {
    context,
    async cpu() {
      const { processInfo } = await devTools.send('SystemInfo.getProcessInfo');
      return cpuOf(processInfo.map(({ id }) => id));
    },
    close: () => opened.disposeAsync(),
  };
}
