// The page on which the web client's own adapters run their contract suites. Storage wants a secure origin, and
// loopback is one.
import type { Browser, Page } from 'playwright-core';
import { BuiltPage } from './built-page.ts';

export interface SuiteOutcome {
  readonly title: string;
  readonly ok: boolean;
  readonly detail: string;
}

export class PortsPage {
  readonly #page: BuiltPage;

  private constructor(page: BuiltPage) {
    this.#page = page;
  }

  static async open(): Promise<PortsPage> {
    return new PortsPage(await BuiltPage.open('test/port-suites.html'));
  }

  /** The page in a profile of its own. */
  async visit(browser: Browser): Promise<Page> {
    const page = await (await browser.newContext()).newPage();
    await page.goto(this.#page.address);
    await page.waitForFunction(() => 'ports' in window);
    return page;
  }

  close(): Promise<void> {
    return this.#page.close();
  }
}
