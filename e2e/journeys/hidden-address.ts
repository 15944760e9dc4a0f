// Devices that hide their addresses, with a TURN server of the operator's: coturn, and the secret that a node shares with it.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasTurnServer, revealedBy, TestNode, TurnServer } from '@rockpool/desktop/testing';
import { buildWebClient } from '@rockpool/server';
import type { Browser, Locator } from 'playwright-core';
import { AgentDevice } from '../kit/agent-device.ts';
import { openBrowser } from '../kit/browser.ts';
import type { Journey } from '../kit/journey.ts';
import { Person } from '../kit/person.ts';
import { pathsOf, recordSignals, toldTo } from '../kit/told-signals.ts';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const WEB_DIRECTORY = join(REPOSITORY, 'clients', 'web', 'dist');
const POOL = 'Behind the dunes';
/** A silent path is given up after three pings, 10 s apart. */
const LOST_TIMEOUT_MS = 60_000;

type Report = (line: string) => void;

interface Scene {
  readonly turn: TurnServer;
  readonly node: TestNode;
  readonly browser: Browser;
  readonly agent: AgentDevice;
}

export const journey: Journey = {
  name: 'hidden-address',
  summary: 'two browsers and an agent that hide their addresses talk through a TURN server alone',
  lacks: async () => {
    return hasTurnServer()
      ? undefined
      : 'there is no turnserver command; the Debian package coturn brings it';
  },
  async endure(_options, report) {
    await buildWebClient(REPOSITORY, () => {});
    const directory = await mkdtemp(join(tmpdir(), 'rockpool-relay-'));
    const turn = await TurnServer.start();
    const node = await TestNode.start(directory, {
      ROCKPOOL_WEB_DIR: WEB_DIRECTORY,
      ROCKPOOL_TURN_URLS: turn.url,
      ROCKPOOL_TURN_SECRET_FILE: turn.secretFile,
    });
    const browser = await openBrowser();
    const agent = await AgentDevice.place();
    try {
      await tell({ turn, node, browser, agent }, report);
    } finally {
      await browser.close();
      await agent.leave();
      await Promise.all([node.stop(), turn.stop()]);
      await rm(directory, { recursive: true, force: true });
    }
  },
};

async function tell({ turn, node, browser, agent }: Scene, report: Report): Promise<void> {
  const [ada, ben] = [await arrive(browser, 'ada'), await arrive(browser, 'ben')];
  await ada.createAccount(await node.firstAdminLink());
  await ada.createPool(POOL);
  await ben.joinAsNewcomer(await ada.invite());
  await ada.isConnectedTo(1);
  for (const person of [ada, ben]) await hideAddress(person);
  await agent.isAddedBy(ben, 2, '--hide-address', 'yes');
  const status = await agent.agent.event('status', ({ hidesAddress }) => hidesAddress === true);
  assert.equal(status['cannotConnect'], undefined);
  await ben.page.keyboard.press('Escape');
  report('  ok  two browsers and an agent hide their addresses');

  // From here on each is told only what somebody says who hides.
  for (const person of [ada, ben]) await person.reload();
  for (const person of [ada, ben]) await reached(person, 'relayed').nth(1).waitFor();
  await ada.say('nobody knows where from');
  await Promise.all([ben.reads('nobody knows where from'), agent.hears('nobody knows where from')]);
  await agent.says('nor where to', POOL);
  await Promise.all([ada.reads('nor where to'), ben.reads('nor where to')]);
  report('  ok  they reach each other through the relay, and talk');

  for (const person of [ada, ben]) {
    const told = await toldTo(person.page);
    assert.ok(
      told.some((each) => / typ relay /.test(each)),
      `${person.name} was told of relays`,
    );
    assert.deepEqual(revealedBy(told), [], `what ${person.name} was told`);
    const paths = await pathsOf(person.page);
    assert.deepEqual(new Set(paths), new Set(['relay to relay']), `${person.name}'s paths`);
  }
  report('  ok  no description and no candidate holds another address than a relay’s');

  await turn.stop();
  const timeout = LOST_TIMEOUT_MS;
  await reached(ada, 'relayed').first().waitFor({ state: 'detached', timeout });
  assert.equal(await reached(ada, 'direct').count(), 0);
  report('  ok  without the TURN server nobody is reached, and no other way is taken');
}

async function arrive(browser: Browser, name: string): Promise<Person> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 } });
  await recordSignals(context);
  return Person.in(context, name);
}

async function hideAddress(person: Person): Promise<void> {
  await person.press('Your devices');
  const name = 'Hide my address';
  await person.page.getByRole('switch', { name }).click();
  await person.page.getByRole('switch', { name, checked: true }).waitFor();
  await person.press('Close');
}

/** The other devices that are reached this way. */
function reached(person: Person, path: 'direct' | 'relayed'): Locator {
  return person
    .list('Members')
    .locator(`[data-path=${path}]`)
    .filter({ hasNotText: 'this device' });
}
