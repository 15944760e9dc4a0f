// The page on which the web client's own adapters run their contract suites, built as the product is and served
// from this machine: storage wants a secure origin, and loopback is one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';

const WEB_CLIENT = join(import.meta.dirname, '..', '..', 'clients', 'web');
const PAGE = 'test/port-suites.html';

export interface SuiteOutcome {
  readonly title: string;
  readonly ok: boolean;
  readonly detail: string;
}

export class PortsPage {
  readonly #server: PreviewServer;
  readonly #directory: string;
  readonly #address: string;

  private constructor(server: PreviewServer, directory: string, port: number) {
    this.#server = server;
    this.#directory = directory;
    this.#address = `http://localhost:${port}/${PAGE}`;
  }

  static async open(): Promise<PortsPage> {
    const directory = await mkdtemp(join(tmpdir(), 'rockpool-ports-'));
    const shared = {
      root: WEB_CLIENT,
      configFile: join(WEB_CLIENT, 'vite.config.ts'),
      logLevel: 'error',
    } as const;
    await build({
      ...shared,
      build: {
        outDir: directory,
        emptyOutDir: false,
        rolldownOptions: { input: join(WEB_CLIENT, PAGE) },
      },
    });
    const server = await preview({
      ...shared,
      build: { outDir: directory },
      preview: { host: 'localhost', port: 0 },
    });
    const address = server.httpServer.address();
    if (typeof address !== 'object' || address === null) throw new Error('the page has no port');
    return new PortsPage(server, directory, address.port);
  }

  /** The page in a profile of its own. */
  async visit(browser: Browser): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    await page.goto(this.#address);
    await page.waitForFunction(() => 'ports' in window);
    return page;
  }

  async close(): Promise<void> {
    await this.#server.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
