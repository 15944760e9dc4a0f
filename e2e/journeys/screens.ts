import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { Gallery, type GalleryVisit, type Look } from '../kit/gallery.ts';
import type { Journey, Studio } from '../kit/journey.ts';

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 740 };
const LOOKS: readonly Look[] = [
  { name: 'light', colorScheme: 'light', viewport: WIDE },
  { name: 'dark', colorScheme: 'dark', viewport: WIDE },
  { name: 'narrow', colorScheme: 'light', viewport: NARROW },
  { name: 'narrow dark', colorScheme: 'dark', viewport: NARROW },
];
const ROWS_MAX = 100;
const TAB_PRESSES_MAX = 60;

interface DialogLook {
  readonly name: string;
  readonly title: string | RegExp;
  /** Where it is opened; in the ordinary conversation unless said. */
  readonly scene?: string;
  /** The buttons that lead to it; the first ones only where they are to be seen. */
  readonly way: readonly (string | RegExp)[];
}

const TO_DEVICES = ['All pools', 'Your devices'] as const;

const DIALOGS: readonly DialogLook[] = [
  { name: 'invite', title: /^Invite to/, way: ['Invite'] },
  { name: 'new-pool', title: 'New pool', way: ['All pools', 'New pool'] },
  { name: 'profile', title: 'Your name and colour', way: ['All pools', /Change name or colour/] },
  { name: 'connection', title: 'Connection check', way: ['All pools', 'Connection check'] },
  { name: 'devices', title: 'Your devices', way: TO_DEVICES },
  { name: 'devices-hidden', title: 'Your devices', scene: 'hidden', way: TO_DEVICES },
  { name: 'devices-no-relay', title: 'Your devices', scene: 'hidden-no-relay', way: TO_DEVICES },
  { name: 'rename', title: 'Rename this pool', way: ['Members and files', 'Rename this pool'] },
];

/** Every screen that the web client has, in both themes and on a small one. */
export const journey: Journey = {
  name: 'screens',
  summary:
    'every screen in light, dark and 360 px: no errors, WCAG 2.2 AA, keyboard, no side scroll',
  look: async (studio) => {
    const gallery = await studio.step('the gallery opens', () => Gallery.open());
    try {
      for (const look of LOOKS) await lookAround(studio, gallery, look);
    } finally {
      await gallery.close();
    }
  },
};

async function lookAround(studio: Studio, gallery: Gallery, look: Look): Promise<void> {
  const visit = await gallery.visit(studio.browser, look);
  const shoot = shooter(visit.page, studio.options.shotsDirectory, look);
  const { width } = look.viewport;
  await studio.step(`every scene, ${look.name}, ${width} px`, async () => {
    const scenes = await visit.sceneNames();
    assert.ok(scenes.length > 10, `only ${scenes.length} scenes`);
    const faults: string[] = [];
    for (const scene of scenes) {
      await visit.show(scene);
      faults.push(...(await visit.faults()).map((fault) => `${scene}: ${fault}`));
      await shoot(scene);
    }
    assert.deepEqual(faults, []);
  });
  await studio.step(`the dialogs, ${look.name}, ${width} px`, async () => {
    const faults: string[] = [];
    for (const dialog of DIALOGS) faults.push(...(await openDialog(visit, dialog, shoot)));
    assert.deepEqual(faults, []);
  });
  await studio.step(`connection checks, ${look.name}, ${width} px`, async () => {
    assert.deepEqual(await checkConnection(visit, shoot), []);
  });
  await studio.step(`a device is added, ${look.name}, ${width} px`, async () => {
    assert.deepEqual(await addDevice(visit, shoot), []);
  });
  await studio.step(`the details close and open, ${look.name}, ${width} px`, () => fold(visit));
  await studio.step(`a keyboard is enough, ${look.name}, ${width} px`, () => useKeyboard(visit));
  await studio.step(`ten thousand messages, ${look.name}, ${width} px`, () => readLong(visit));
  await visit.close();
}

type Shoot = (name: string) => Promise<void>;

function shooter(page: Page, directory: string | undefined, look: Look): Shoot {
  return async (name) => {
    if (directory === undefined) return;
    await mkdir(directory, { recursive: true });
    await page.screenshot({ path: join(directory, `${name}-${look.name.replace(' ', '-')}.png`) });
  };
}

async function openDialog(
  visit: GalleryVisit,
  { name, title, scene = 'conversation', way }: DialogLook,
  shoot: Shoot,
): Promise<string[]> {
  const { page } = visit;
  await visit.show(scene);
  const opener = page.getByRole('button', { name: way.at(-1) ?? '', exact: true });
  for (const step of way.slice(0, -1)) {
    if (!(await opener.isVisible())) await page.getByRole('button', { name: step }).click();
  }
  await opener.click();
  const dialog = page.getByRole('dialog', { name: title });
  await dialog.waitFor();
  const faults = (await visit.faults()).map((fault) => `${name}: ${fault}`);
  await shoot(`dialog-${name}`);
  for (let presses = 0; presses < TAB_PRESSES_MAX / 4; presses += 1) {
    if (await page.evaluate(focusIsOutside)) faults.push(`${name}: Tab leads behind the dialog`);
    await page.keyboard.press('Tab');
  }
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  const back = await opener.evaluate((element) => element === document.activeElement);
  if (!back) faults.push(`${name}: focus does not return to where it came from`);
  return faults;
}

/** What a connection check says, by the name of the made-up report. */
const CHECKS = {
  busy: 'Checking',
  good: 'This network is fine',
  empty: 'None is online now',
  strict: 'A strict router',
  blocked: 'This network lets no direct connections out',
  offline: 'The servers are out of reach',
  failing: 'The servers cannot agree',
} as const;

/** By keyboard from a device that cannot be reached to every outcome of a check. */
async function checkConnection(visit: GalleryVisit, shoot: Shoot): Promise<string[]> {
  const { page } = visit;
  const faults: string[] = [];
  for (const [report, words] of Object.entries(CHECKS)) {
    await visit.show(`unreachable&report=${report}`);
    const details = page.getByRole('button', { name: 'Members and files' });
    const opener = page.getByRole('button', { name: 'Check the connection' });
    if (!(await opener.isVisible())) await details.click();
    await opener.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Connection check' });
    await dialog.getByText(words).first().waitFor();
    const more = dialog.getByText('Details for somebody who helps you');
    if (await more.isVisible()) await more.press('Enter');
    faults.push(...(await visit.faults()).map((fault) => `check ${report}: ${fault}`));
    await shoot(`check-${report}`);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  }
  return faults;
}

/** The document itself is fine: there the browser's own controls are next. */
function focusIsOutside(): boolean {
  const { activeElement } = document;
  const inside = document.querySelector('dialog[open]')?.contains(activeElement) === true;
  return !inside && activeElement !== document.body;
}

/** From the list of devices and back to it by keyboard alone, over two codes that are wrong. */
async function addDevice(visit: GalleryVisit, shoot: Shoot): Promise<string[]> {
  const { page } = visit;
  const dialog = page.getByRole('dialog');
  const code = dialog.getByRole('textbox', { name: 'Code' });
  const faults: string[] = [];
  const look = async (name: string) => {
    faults.push(...(await visit.faults()).map((fault) => `${name}: ${fault}`));
    await shoot(name);
  };
  await visit.show('conversation');
  const allPools = page.getByRole('button', { name: 'All pools' });
  if (await allPools.isVisible()) await allPools.click();
  await page.getByRole('button', { name: 'Your devices' }).press('Enter');
  await dialog.getByRole('listitem').filter({ hasText: 'this device' }).waitFor();
  // Each step has the focus where its work begins.
  await page.keyboard.press('Enter');
  await code.waitFor();
  await look('add-code');
  await page.keyboard.type('k7qm 3xp');
  assert.equal(await code.inputValue(), 'K7QM-3XP');
  await page.keyboard.press('Enter');
  await dialog.getByRole('alert').getByText('not complete').waitFor();
  await page.keyboard.type('b');
  await page.keyboard.press('Enter');
  await dialog.getByRole('alert').getByText('No device waits under this code').waitFor();
  assert.equal(await code.inputValue(), 'K7QM-3XPB', 'the code is there to be compared');
  await look('add-code-refused');
  await page.keyboard.press('End');
  await page.keyboard.press('Backspace');
  await page.keyboard.type('a');
  await page.keyboard.press('Enter');
  await dialog.getByText('The device is added.').waitFor();
  await look('add-done');
  await page.keyboard.press('Enter');
  await dialog.getByRole('list', { name: 'Your devices' }).waitFor();
  return faults;
}

async function fold(visit: GalleryVisit): Promise<void> {
  await visit.show('conversation');
  const members = visit.page.getByRole('list', { name: 'Members' });
  const toggle = visit.page.getByRole('button', { name: 'Members and files' });
  const close = visit.page.getByRole('button', { name: 'Close details' });
  if (await members.isVisible()) await toggle.click();
  await members.waitFor({ state: 'hidden' });
  await toggle.click();
  await members.waitFor();
  await close.click();
  await members.waitFor({ state: 'hidden' });
}

async function useKeyboard(visit: GalleryVisit): Promise<void> {
  const { page } = visit;
  await visit.show('conversation');
  const list = page.getByRole('region', { name: 'Conversation' });
  await tabTo(page, list);
  await page.keyboard.press('Home');
  await page.getByText('Where do I put the pictures?').waitFor();
  await waitForScroll(list, 'top');
  await page.keyboard.press('End');
  await waitForScroll(list, 'bottom');

  const field = page.getByRole('textbox', { name: 'Message', exact: true });
  await tabTo(page, field);
  await page.keyboard.type('first');
  await page.keyboard.press('Shift+Enter');
  await page.keyboard.type('second');
  assert.equal(await field.inputValue(), 'first\nsecond');
  await page.keyboard.press('Enter');
  // Nothing here can send: that the refusal is shown and the words are kept says that Enter did.
  await page.getByRole('alert').getByText('The servers cannot agree').waitFor();
  assert.equal(await field.inputValue(), 'first\nsecond');
}

async function tabTo(page: Page, target: Locator): Promise<void> {
  for (let presses = 0; presses < TAB_PRESSES_MAX; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`${TAB_PRESSES_MAX} presses of Tab do not lead to ${target}`);
}

async function readLong(visit: GalleryVisit): Promise<void> {
  const { page } = visit;
  await visit.show('long');
  const list = page.getByRole('region', { name: 'Conversation' });
  const rows = page.getByRole('list', { name: 'Messages' }).getByRole('listitem');
  const last = page.getByRole('list').getByText('Message number 10000 of a long conversation');
  const first = page.getByRole('list').getByText('Message number 1 of a long conversation');
  await waitForScroll(list, 'bottom');
  assert.ok(await isOnScreen(last), 'the newest message is not on the screen');
  assert.ok((await rows.count()) < ROWS_MAX, `${await rows.count()} rows are in the document`);
  await list.evaluate((element) => element.scrollTo({ top: 0 }));
  await first.waitFor();
  assert.ok((await rows.count()) < ROWS_MAX, `${await rows.count()} rows are in the document`);
}

async function waitForScroll(list: Locator, end: 'top' | 'bottom'): Promise<void> {
  const element = await list.elementHandle();
  await list.page().waitForFunction(
    ({ element, end }) => {
      if (element === null) return false;
      const below = element.scrollHeight - element.clientHeight - element.scrollTop;
      return (end === 'top' ? element.scrollTop : below) <= 1;
    },
    { element, end },
  );
}

async function isOnScreen(target: Locator): Promise<boolean> {
  await target.waitFor();
  return target.evaluate((element) => {
    const { top, bottom } = element.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
}
