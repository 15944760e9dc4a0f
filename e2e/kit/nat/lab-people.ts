// Ada at a browser in one home, Ben at a browser and with an agent in the other, in one pool.
import type { Locator } from 'playwright-core';
import { AgentDevice } from '../agent-device.ts';
import { Person } from '../person.ts';
import { type LabBrowser, openLabBrowser } from './lab-browser.ts';
import type { LabServers } from './lab-servers.ts';
import type { Outcome, Seen } from './matrix.ts';
import type { NatLab } from './nat-lab.ts';

export const POOL = 'Two shores';
const OUTCOME_TIMEOUT_MS = 60_000;
const RELOADS_MAX = 5;
const DEVICE_NAMES = { browser: 'Browser', agent: 'Computer' } as const;

export class LabPeople {
  readonly ada: Person;
  readonly ben: Person;
  readonly agent: AgentDevice;
  readonly #browsers: readonly LabBrowser[];

  private constructor(
    people: { readonly ada: Person; readonly ben: Person },
    agent: AgentDevice,
    browsers: readonly LabBrowser[],
  ) {
    this.ada = people.ada;
    this.ben = people.ben;
    this.agent = agent;
    this.#browsers = browsers;
  }

  static async arrive(lab: NatLab, servers: LabServers): Promise<LabPeople> {
    const browsers: LabBrowser[] = [];
    const agent = await AgentDevice.place(lab.spaces.enter('b'));
    try {
      browsers.push(await openLabBrowser(lab.spaces, 'a'), await openLabBrowser(lab.spaces, 'b'));
      const [first, second] = browsers;
      if (first === undefined || second === undefined) throw new Error('two browsers');
      const ada = await Person.arrive(first.browser, 'ada');
      const ben = await Person.arrive(second.browser, 'ben');
      await ada.createAccount(await servers.firstAdminLink());
      await ada.createPool(POOL);
      await ben.joinAsNewcomer(await ada.invite());
      await agent.isAddedBy(ben, 2);
      // The dialog in which the agent was added.
      await ben.page.keyboard.press('Escape');
      return new LabPeople({ ada, ben }, agent, browsers);
    } catch (error) {
      for (const browser of browsers) await browser.close();
      await agent.leave();
      throw error;
    }
  }

  /** Both open the page anew, and so begin all connections anew. */
  async reload(): Promise<void> {
    await Promise.all([this.ben, this.ada].map(reload));
  }

  /** How Ada reaches Ben's browser or agent, as soon as it is one of these. */
  async sees(device: keyof typeof DEVICE_NAMES, expected: readonly Outcome[]): Promise<Seen> {
    const startedMs = performance.now();
    const row = this.#deviceOfBen(device);
    const wanted = expected.includes('direct') ? 'direct' : 'unreachable';
    const end = row.and(this.ada.page.locator(`[data-path=${wanted}]`));
    for (;;) {
      const spentMs = performance.now() - startedMs;
      const came = await end.waitFor({ timeout: Math.max(1, OUTCOME_TIMEOUT_MS - spentMs) }).then(
        () => true,
        () => false,
      );
      const { path, trouble } = await stateOf(row);
      // It may have become another one before it was read: whoever is online again is tried again.
      if (came && path !== wanted) continue;
      const seconds = (performance.now() - startedMs) / 1000;
      return { outcome: trouble ?? path, seconds };
    }
  }

  async leave(): Promise<void> {
    for (const browser of this.#browsers) await browser.close();
    await this.agent.leave();
  }

  #deviceOfBen(device: keyof typeof DEVICE_NAMES): Locator {
    const ben = this.ada.list('Members').locator('> li').filter({ hasNotText: '(you)' });
    return ben.locator('[data-path]').filter({ hasText: DEVICE_NAMES[device] });
  }
}

/** A browser drops what it is loading when the network changes. */
async function reload(person: Person): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await person.reload();
      return;
    } catch (error) {
      if (tries === RELOADS_MAX || !/net::ERR_/.test(String(error))) throw error;
    }
  }
}

/** Both as they are in one moment. */
async function stateOf(row: Locator): Promise<{ path: string; trouble: string | undefined }> {
  const [state] = await row.evaluateAll((rows) =>
    rows.map((element) => ({
      path: element.getAttribute('data-path') ?? 'not shown',
      trouble: element.querySelector('[data-trouble]')?.getAttribute('data-trouble') ?? undefined,
    })),
  );
  return state ?? { path: 'not shown', trouble: undefined };
}
