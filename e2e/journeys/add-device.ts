import assert from 'node:assert/strict';
import {
  beginsAdding,
  hasAdded,
  isNotified,
  isTold,
  saysDifferent,
  saysSame,
  scannedFrom,
  seeTheSameDigits,
  showsCode,
  typesCode,
} from '../kit/device-linking.ts';
import type { Journey } from '../kit/journey.ts';
import type { Person } from '../kit/person.ts';

/** Two more devices of one person, none of them with a passkey. */
export const journey: Journey = {
  name: 'add-device',
  summary: 'two devices without a passkey are added, by typed code and by scanned link',
  tell: async (stage) => {
    const ada = await stage.person('ada');
    const laptop = await stage.person('laptop');
    const phone = await stage.person('phone');

    await stage.step('somebody has an account and a pool', async () => {
      await ada.createAccount(await stage.cluster.firstAdminLink());
      await ada.createPool('Tide tables');
    });
    const code = await stage.step('a new device shows a code', async () => {
      await laptop.open(new URL(ada.page.url()).origin);
      return showsCode(laptop);
    });
    await stage.step('a wrong code is refused', async () => {
      await beginsAdding(ada);
      await typesCode(ada, otherCode(code));
      await isTold(ada, 'No device waits under this code.');
    });
    await stage.step('both show the same digits; who says they differ, ends it', async () => {
      await typesCode(ada, code.toLowerCase());
      await seeTheSameDigits(ada, laptop);
      assert.deepEqual(await ada.accessibilityFaults(), []);
      assert.deepEqual(await laptop.accessibilityFaults(), []);
      await saysDifferent(laptop);
      const words = 'The digits were not the same';
      await Promise.all([isTold(ada, words), isTold(laptop, words)]);
    });
    await stage.step('with a new code and the same digits it is added', async () => {
      await typesCode(ada, await showsCode(laptop));
      await seeTheSameDigits(ada, laptop);
      await Promise.all([saysSame(ada), saysSame(laptop)]);
      await hasAdded(ada, 2);
    });
    await stage.step('it reads and writes as its person', async () => {
      await ada.say('low water at six');
      await laptop.reads('low water at six');
      await laptop.say('from the laptop');
      await ada.reads('from the laptop');
    });
    await stage.step('a scanned link asks before it adds, and the third device hears of it', () =>
      Promise.all([hearsOfDevice(laptop), addByScan(ada, phone)]),
    );
    await stage.step('all three are in the conversation', async () => {
      await phone.say('from the phone');
      await Promise.all([ada.reads('from the phone'), laptop.reads('from the phone')]);
      await phone.reads('low water at six');
    });
  },
};

/** The new device asks nothing: whoever scanned its screen has seen it. */
async function addByScan(owner: Person, newcomer: Person): Promise<void> {
  await newcomer.open(new URL(owner.page.url()).origin);
  await showsCode(newcomer);
  await owner.open(await scannedFrom(newcomer));
  await owner.press('Show the digits');
  await seeTheSameDigits(owner, newcomer);
  await saysSame(owner);
  await hasAdded(owner, 3);
}

async function hearsOfDevice(person: Person): Promise<void> {
  await isNotified(person, 'Another of your devices is adding a new device');
  await isNotified(person, 'A browser was added to your account.');
}

/** Leads to the same node, where nobody waits under it. */
function otherCode(code: string): string {
  return `${code.slice(0, -1)}${code.endsWith('7') ? '8' : '7'}`;
}
