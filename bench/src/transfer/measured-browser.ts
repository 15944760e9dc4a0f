// A Chromium of its own for one end, with the process ids of all its parts.
import { openBrowser } from '@rockpool/e2e';
import { type CpuByProcess, cpuOf } from './cpu-by-process.ts';

type Browser = Awaited<ReturnType<typeof openBrowser>>;
type DevTools = Awaited<ReturnType<Browser['newBrowserCDPSession']>>;

export class MeasuredBrowser {
  readonly browser: Browser;
  readonly #devTools: DevTools;

  private constructor(browser: Browser, devTools: DevTools) {
    this.browser = browser;
    this.#devTools = devTools;
  }

  static async open(): Promise<MeasuredBrowser> {
    const browser = await openBrowser();
    return new MeasuredBrowser(browser, await browser.newBrowserCDPSession());
  }

  async cpu(): Promise<CpuByProcess> {
    const { processInfo } = await this.#devTools.send('SystemInfo.getProcessInfo');
    return cpuOf(processInfo.map(({ id }) => id));
  }

  async close(): Promise<void> {
    await this.browser.close();
  }
}
