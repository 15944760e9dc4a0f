// What people do to bring a new device into an account, on either of its two sides.
import assert from 'node:assert/strict';
import type { Person } from './person.ts';
import { readQrCode } from './qr-reader.ts';

const SIX_DIGITS = /^\d{3} \d{3}$/;
const CODE = /^[0-9A-Z]{4}-[0-9A-Z]{4}$/;

/** On a device without an account: asks for a code, and answers it as it is shown. */
export async function showsCode(newcomer: Person): Promise<string> {
  await newcomer.press('Add this device with another device');
  return (await newcomer.page.getByText(CODE).textContent()) ?? '';
}

/** The link in the QR code beside the code. */
export async function scannedFrom(newcomer: Person): Promise<string> {
  return readQrCode(newcomer.page.getByRole('img', { name: 'QR code of this device' }));
}

/** On a device of the account: from the conversation to the field for the code. */
export async function beginsAdding(owner: Person): Promise<void> {
  await owner.press('Your devices');
  await owner.press('Add a device');
}

export async function typesCode(owner: Person, code: string): Promise<void> {
  await owner.page.getByRole('textbox', { name: 'Code' }).fill(code);
  await owner.press('Find the device');
}

/** Waits until digits are shown, and answers them as they are: `123 456`. */
export async function seesDigits({ page }: Person): Promise<string> {
  return (await page.getByText(SIX_DIGITS).textContent()) ?? '';
}

/** Waits until both show digits, and holds them against each other as a person would. */
export async function seeTheSameDigits(...people: readonly Person[]): Promise<void> {
  const seen = await Promise.all(people.map(seesDigits));
  assert.equal(new Set(seen).size, 1, `different digits: ${seen.join(', ')}`);
}

export async function saysSame(person: Person): Promise<void> {
  await person.press('They are the same');
}

export async function saysDifferent(person: Person): Promise<void> {
  await person.press('They differ');
}

/** Waits until the page says why it did not go on. */
export async function isTold(person: Person, words: string): Promise<void> {
  await person.page.getByRole('alert').getByText(words).waitFor();
}

/** Waits for the short news that every device of the account is given. */
export async function isNotified(person: Person, words: string): Promise<void> {
  await person.page.getByRole('status').getByText(words).waitFor();
}

/** Waits until the device is added, and goes back to the conversation. */
export async function hasAdded(owner: Person, devices: number): Promise<void> {
  await owner.page.getByText('The device is added.').waitFor();
  await owner.press('Show my devices');
  await owner
    .list('Your devices')
    .locator('> li')
    .nth(devices - 1)
    .waitFor();
  await owner.press('Close');
}
