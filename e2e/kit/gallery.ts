// The web client's screens with made-up people: built as the product is, but with React's warnings, and without
// engine or cluster behind them.
import type { Browser, Page, Request } from 'playwright-core';
import { accessibilityFaults } from './accessibility.ts';
import { BuiltPage } from './built-page.ts';

/** Not a claim of speed: browsers were seen to stand still for half a minute on a machine that had much to write to its disk. */
const ACTION_TIMEOUT_MS = 90_000;

/** How a person looks at the screen. */
export interface Look {
  readonly name: string;
  readonly colorScheme: 'light' | 'dark';
  readonly viewport: { readonly width: number; readonly height: number };
}

/** The gallery on a server of its own. */
export class Gallery {
  readonly #page: BuiltPage;
  readonly #address: string;

  private constructor(page: BuiltPage) {
    this.#page = page;
    this.#address = new URL('.', page.address).href;
  }

  static async open(): Promise<Gallery> {
    const define = { 'process.env.NODE_ENV': '"development"' };
    return new Gallery(await BuiltPage.open('gallery/index.html', { define, minify: false }));
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

  close(): Promise<void> {
    return this.#page.close();
  }
}

/** One browser window that goes from scene to scene. */
export class GalleryVisit {
  readonly page: Page;
  readonly #address: string;
  #complaints: string[] = [];
  readonly #unanswered = new Set<Request>();

  constructor(page: Page, address: string) {
    this.page = page;
    this.#address = address;
    page.on('pageerror', (error) => this.#complaints.push(`page error: ${error.message}`));
    page.on('console', (message) => {
      if (message.type() === 'error') this.#complaints.push(`console: ${message.text()}`);
    });
    page.on('request', (request) => this.#unanswered.add(request));
    page.on('requestfinished', (request) => this.#unanswered.delete(request));
    page.on('requestfailed', (request) => this.#unanswered.delete(request));
  }

  /** Every scene by its name, as the gallery's first page lists them. */
  async sceneNames(): Promise<string[]> {
    await this.page.goto(this.#address);
    await this.page.getByRole('heading', { name: 'Screens' }).waitFor();
    return this.page.getByRole('link').allTextContents();
  }

  async show(scene: string): Promise<void> {
    this.#unanswered.clear();
    try {
      await this.page.goto(`${this.#address}?scene=${scene}`);
      await this.page.locator('#root > *').first().waitFor();
    } catch (cause) {
      const unanswered = [...this.#unanswered].map((request) => `no answer to ${request.url()}`);
      const why = [...this.#complaints, ...unanswered].join('; ') || 'no error';
      throw new Error(`scene ${scene} stays empty: ${why}`, { cause });
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
