// The web client's screens with made-up people: built as the product is, but with React's warnings, and without
// engine or cluster behind them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { accessibilityFaults } from './accessibility.ts';

const WEB_CLIENT = join(import.meta.dirname, '..', '..', 'clients', 'web');
const ACTION_TIMEOUT_MS = 30_000;

/** How a person looks at the screen. */
export interface Look {
  readonly name: string;
  readonly colorScheme: 'light' | 'dark';
  readonly viewport: { readonly width: number; readonly height: number };
}

/** The gallery on a server of its own. */
export class Gallery {
  readonly #server: PreviewServer;
  readonly #directory: string;
  readonly #address: string;

  private constructor(server: PreviewServer, directory: string, port: number) {
    this.#server = server;
    this.#directory = directory;
    this.#address = `http://127.0.0.1:${port}/gallery/`;
  }

  static async open(): Promise<Gallery> {
    const directory = await mkdtemp(join(tmpdir(), 'rockpool-gallery-'));
    const shared = {
      root: WEB_CLIENT,
      configFile: join(WEB_CLIENT, 'vite.config.ts'),
      logLevel: 'error',
    } as const;
    await build({
      ...shared,
      define: { 'process.env.NODE_ENV': '"development"' },
      build: {
        outDir: directory,
        emptyOutDir: false,
        minify: false,
        rolldownOptions: { input: join(WEB_CLIENT, 'gallery', 'index.html') },
      },
    });
    const server = await preview({
      ...shared,
      build: { outDir: directory },
      preview: { host: '127.0.0.1', port: 0 },
    });
    const address = server.httpServer.address();
    if (typeof address !== 'object' || address === null) throw new Error('the gallery has no port');
    return new Gallery(server, directory, address.port);
  }

  async visit(browser: Browser, look: Look): Promise<GalleryVisit> {
    const context = await browser.newContext({
      viewport: look.viewport,
      colorScheme: look.colorScheme,
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(ACTION_TIMEOUT_MS);
    return new GalleryVisit(await context.newPage(), this.#address);
  }

  async close(): Promise<void> {
    await this.#server.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** One browser window that goes from scene to scene. */
export class GalleryVisit {
  readonly page: Page;
  readonly #address: string;
  #complaints: string[] = [];

  constructor(page: Page, address: string) {
    this.page = page;
    this.#address = address;
    page.on('pageerror', (error) => this.#complaints.push(`page error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#complaints.push(`console: ${message.text()}`);
    });
  }

  /** Every scene by its name, as the gallery's first page lists them. */
  async sceneNames(): Promise<string[]> {
    await this.page.goto(this.#address);
    await this.page.getByRole('heading', { name: 'Screens' }).waitFor();
    return this.page.getByRole('link').allTextContents();
  }

  async show(scene: string): Promise<void> {
    await this.page.goto(`${this.#address}?scene=${scene}`);
    try {
      await this.page.locator('#root > *').first().waitFor();
    } catch {
      throw new Error(`scene ${scene} stays empty: ${this.#complaints.join('; ') || 'no error'}`);
    }
  }

  /** Everything wrong with what is on the screen now, and what the browser said since last asked. */
  async faults(): Promise<string[]> {
    const complaints = this.#complaints;
    this.#complaints = [];
    return [
      ...complaints,
      ...(await accessibilityFaults(this.page)),
      ...(await this.page.evaluate(sidewaysScrollers)),
    ];
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

/** Runs in the page: what a person would have to scroll to the side. */
function sidewaysScrollers(): string[] {
  const faults: string[] = [];
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push('the page scrolls sideways');
  for (const element of document.querySelectorAll('body, body *')) {
    const { overflowX } = getComputedStyle(element);
    const scrolls = overflowX === 'auto' || overflowX === 'scroll';
    if (scrolls && element.scrollWidth > element.clientWidth + 1) {
      faults.push(`.${element.className || element.tagName} scrolls sideways`);
    }
  }
  return faults;
}
