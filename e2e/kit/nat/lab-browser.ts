// A Chromium inside a place of the lab. Playwright speaks with it through pipes, so it needs no network of its own for that.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { openBrowser, preferredBrowser } from '../browser.ts';
import type { NetworkNamespaces } from '../network-namespaces.ts';

export interface LabBrowser {
  readonly browser: Browser;
  close(): Promise<void>;
}

/** As people have it: addresses of the device are hidden from pages. */
export async function openLabBrowser(
  spaces: NetworkNamespaces,
  place: string,
): Promise<LabBrowser> {
  const installed = await preferredBrowser();
  const directory = await mkdtemp(join(tmpdir(), 'rockpool-nat-browser-'));
  const executablePath = join(directory, 'chromium');
  const command = [...spaces.enter(place), installed.executablePath].map(quoted).join(' ');
  await writeFile(executablePath, `#!/bin/sh\nexec ${command} "$@"\n`);
  await chmod(executablePath, 0o700);
  const browser = await openBrowser({
    browser: { ...installed, executablePath },
    hidesLocalAddresses: true,
  });
  return {
    browser,
    async close() {
      await browser.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
