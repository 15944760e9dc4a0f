// One person of the demo: a Chromium window with a profile and a virtual passkey that end with it, and a label that
// says so on every page.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext } from 'playwright-core';
import { openWindow } from './browser.ts';
import { Person } from './person.ts';

/** What every demo page wears. */
export const DEMO_LABEL = 'Demo: virtual passkey';

/** A place on the screen, in CSS pixels. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A window of the demo and the person at it. */
export class DemoWindow {
  readonly person: Person;
  /** Settles when the window is gone, whoever closed it. */
  readonly closed: Promise<void>;
  isClosed = false;
  readonly #context: BrowserContext;
  readonly #profileDirectory: string;

  private constructor(person: Person, profileDirectory: string) {
    const { page } = person;
    this.person = person;
    this.#context = page.context();
    this.#profileDirectory = profileDirectory;
    this.closed = new Promise((resolve) => {
      const gone = (): void => {
        this.isClosed = true;
        resolve();
      };
      // On some systems the browser goes on without a window.
      const look = (): void => {
        if (this.#context.pages().length === 0) gone();
      };
      page.once('close', look);
      this.#context.on('page', (another) => another.once('close', look));
      this.#context.once('close', gone);
    });
  }

  /** Opens a window that shows pages of one origin with the label on them. */
  static async open(browserPath: string, origin: string, name: string): Promise<DemoWindow> {
    const profileDirectory = await mkdtemp(join(tmpdir(), 'rockpool-demo-'));
    try {
      const context = await openWindow(browserPath, profileDirectory);
      await context.addInitScript(wearLabel, { origin, text: DEMO_LABEL });
      const page = context.pages()[0] ?? (await context.newPage());
      return new DemoWindow(await Person.at(page, name), profileDirectory);
    } catch (error) {
      await removeProfile(profileDirectory);
      throw error;
    }
  }

  /** The part of the screen that windows may use. */
  async screen(): Promise<Bounds> {
    return this.person.page.evaluate(() => {
      const { availWidth: width, availHeight: height } = screen;
      // Where task bars end; not in the standard, but in Chromium.
      const { availLeft, availTop } = screen as Partial<Record<'availLeft' | 'availTop', number>>;
      return { left: availLeft ?? 0, top: availTop ?? 0, width, height };
    });
  }

  async place(bounds: Bounds): Promise<void> {
    // Left open: a page's virtual passkeys go with the first of its sessions that ends.
    const cdp = await this.#context.newCDPSession(this.person.page);
    const { windowId } = await cdp.send('Browser.getWindowForTarget');
    await cdp.send('Browser.setWindowBounds', { windowId, bounds });
  }

  async close(): Promise<void> {
    try {
      await this.#context.close();
    } finally {
      // Also after a browser that broke down.
      await removeProfile(this.#profileDirectory);
    }
  }
}

/** A browser that is still ending may write a last file. */
function removeProfile(directory: string): Promise<void> {
  return rm(directory, { recursive: true, force: true, maxRetries: 8, retryDelay: 250 });
}

/**
 * Runs in the page, before its own scripts. Only DOM calls: the page's policies allow neither markup from text nor
 * style attributes, and the application owns everything below its root element.
 */
export function wearLabel({ origin, text }: { origin: string; text: string }): void {
  if (location.origin !== origin || window !== window.top) return;
  addEventListener('DOMContentLoaded', () => {
    const label = document.createElement('div');
    label.setAttribute('role', 'note');
    label.textContent = text;
    Object.assign(label.style, {
      position: 'fixed',
      bottom: '0',
      left: '50%',
      transform: 'translateX(-50%)',
      zIndex: '2147483647',
      pointerEvents: 'none',
      padding: '0 10px',
      borderRadius: '6px 6px 0 0',
      background: '#8a3ffc',
      color: '#ffffff',
      font: '600 10px/14px system-ui, sans-serif',
      whiteSpace: 'nowrap',
    });
    document.documentElement.append(label);
  });
}
