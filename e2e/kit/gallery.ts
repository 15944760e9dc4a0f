// The web client's screens with made-up people, served as a developer sees them: no build, no engine, no
// cluster behind it.
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { createServer, type ViteDevServer } from 'vite';
import { accessibilityFaults } from './accessibility.ts';

const WEB_CLIENT = join(import.meta.dirname, '..', '..', 'clients', 'web');
// The first page of all waits for the dependencies to be bundled.
const PAGE_TIMEOUT_MS = 60_000;
const ACTION_TIMEOUT_MS = 15_000;

/** How a person looks at the screen. */
export interface Look {
  readonly name: string;
  readonly colorScheme: 'light' | 'dark';
  readonly viewport: { readonly width: number; readonly height: number };
}

/** The development server with the gallery on it. */
export class Gallery {
  readonly #server: ViteDevServer;
  readonly #address: string;

  private constructor(server: ViteDevServer, address: string) {
    this.#server = server;
    this.#address = address;
  }

  static async open(): Promise<Gallery> {
    const server = await createServer({
      root: WEB_CLIENT,
      configFile: join(WEB_CLIENT, 'vite.config.ts'),
      logLevel: 'error',
      // Nobody edits while the pictures are taken; a reload would only disturb.
      server: { host: '127.0.0.1', port: 0, hmr: false, watch: null },
    });
    await server.listen();
    const address = server.httpServer?.address();
    if (typeof address !== 'object' || address === null) throw new Error('the gallery has no port');
    return new Gallery(server, `http://127.0.0.1:${address.port}/gallery/`);
  }

  async visit(browser: Browser, look: Look): Promise<GalleryVisit> {
    const context = await browser.newContext({
      viewport: look.viewport,
      colorScheme: look.colorScheme,
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(ACTION_TIMEOUT_MS);
    context.setDefaultNavigationTimeout(PAGE_TIMEOUT_MS);
    return new GalleryVisit(await context.newPage(), this.#address);
  }

  async close(): Promise<void> {
    await this.#server.close();
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
    await this.page.getByRole('heading', { name: 'Screens' }).waitFor({ timeout: PAGE_TIMEOUT_MS });
    return this.page.getByRole('link').allTextContents();
  }

  async show(scene: string): Promise<void> {
    await this.page.goto(`${this.#address}?scene=${scene}`);
    await this.page.locator('#root > *').first().waitFor();
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
