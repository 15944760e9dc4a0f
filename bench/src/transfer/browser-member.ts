// The web client as an end: a Chromium of its own with one person in it, who does what people do.
import { basename } from 'node:path';
import { digest, Person } from '@rockpool/e2e';
import type { Member } from './engine-member.ts';
import { type MeasuredBrowser, openMeasuredBrowser } from './measured-browser.ts';

const SAVE_TIMEOUT_MS = 60_000;
const TAKEN_IN_TIMEOUT_MS = 120_000;

declare global {
  /** In the page: when the file was there, after it had begun. */
  var fileCompleted: Promise<number> | undefined;
}

export async function arriveAsBrowser(link: string): Promise<Member> {
  const browser = await openMeasuredBrowser();
  try {
    const person = await Person.in(browser.context, 'bench');
    const invited = !new URL(link).hash.includes('admin');
    if (invited) await person.joinAsNewcomer(link);
    else await person.createAccount(link);
    return member(browser, person);
  } catch (error) {
    await browser.close();
    throw error;
  }
}

function member(browser: MeasuredBrowser, person: Person): Member {
  return {
    async createPool() {
      await person.createPool('Bench');
      return person.invite();
    },
    connected: () => person.isConnectedTo(1),
    async offer(path) {
      await person.attach(path);
      const card = person.page.getByRole('region', { name: `File ${basename(path)}` });
      await card.waitFor({ timeout: TAKEN_IN_TIMEOUT_MS });
    },
    begins: (name) => person.page.evaluate(watchFile, name),
    completes: async () => (await person.page.evaluate(() => globalThis.fileCompleted)) ?? 0,
    digest: async (name) => digest(await person.save(name, SAVE_TIMEOUT_MS)),
    cpu: () => browser.cpu(),
    stop: () => browser.close(),
  };
}

/** Runs in the page: resolves when the file's card is there, and times the button that saves it. */
async function watchFile(name: string): Promise<void> {
  const shown = (selector: string) =>
    new Promise<number>((resolve) => {
      const look = () => {
        if (document.querySelector(selector) === null) return;
        observer.disconnect();
        resolve(performance.now());
      };
      const observer = new MutationObserver(look);
      observer.observe(document.body, { childList: true, subtree: true });
      look();
    });
  const begunMs = await shown(`[aria-label="File ${name}"]`);
  globalThis.fileCompleted = shown(`[aria-label="Save ${name}"]`).then((ms) => ms - begunMs);
}
