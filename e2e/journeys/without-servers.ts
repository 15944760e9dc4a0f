import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canary } from '../kit/canary.ts';
import { digest } from '../kit/digest.ts';
import type { Journey, Stage } from '../kit/journey.ts';
import { nothingLearned } from '../kit/nothing-learned.ts';

const FILE_BYTES = 32 * 1024 * 1024;
const TRANSFER_TIMEOUT_MS = 90_000;

/** Talk outlives the servers, the servers' data outlives them too, and history moves to a new device. */
export const journey: Journey = {
  name: 'without-servers',
  summary: 'talk and a transfer outlive all servers; they come back; a new device gets the history',
  tell: async (stage) => {
    const directory = await mkdtemp(join(tmpdir(), 'rockpool-file-'));
    try {
      await tell(stage, directory);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  },
};

async function tell(stage: Stage, directory: string): Promise<void> {
  const { cluster } = stage;
  const names = { pool: canary('Pool'), file: `${canary('file')}.bin` };
  const texts = { before: canary('before'), alone: canary('alone'), answer: canary('answer') };
  const later = canary('later');
  const path = join(directory, names.file);
  await writeFile(path, randomBytes(FILE_BYTES));
  const ada = await stage.person('ada');
  const ben = await stage.person('ben');

  await stage.step('two people talk', async () => {
    await ada.createAccount(await cluster.firstAdminLink());
    await ada.createPool(names.pool);
    await ben.joinAsNewcomer(await ada.invite());
    await Promise.all([ada.isConnectedTo(1), ben.isConnectedTo(1)]);
    await ada.say(texts.before);
    await ben.reads(texts.before);
  });
  await stage.step('all servers stop in the middle of a transfer', async () => {
    await ada.attach(path);
    await ben.receives(names.file);
    await cluster.stop();
    await Promise.all([ada, ben].map((person) => person.hearsOfServers(/No server answers/)));
  });
  await stage.step('messages travel each way, and the file arrives', async () => {
    await ada.say(texts.alone);
    await ben.reads(texts.alone);
    await ben.say(texts.answer);
    await ada.reads(texts.answer);
    const saved = await ben.save(names.file, TRANSFER_TIMEOUT_MS);
    assert.equal(await digest(saved), await digest(path), 'the file arrives bit for bit');
  });
  await stage.step('the servers come back with their data', async () => {
    await cluster.startAgain();
    await Promise.all([ada, ben].map((person) => person.hearsOfServers(/Connected through node/)));
    await Promise.all([ada.reload(), ben.reload()]);
    await Promise.all([ada.seesOnline(2), ben.seesOnline(2)]);
    await Promise.all([ada.isConnectedTo(1), ben.isConnectedTo(1)]);
    await Promise.all([ada.reads(texts.answer), ben.reads(texts.before)]);
    await ben.say(later);
    await ada.reads(later);
  });
  await stage.step('with one prompt a new device has the history, from the other one', async () => {
    await ben.leave();
    const adaElsewhere = await stage.person('ada elsewhere');
    await ada.passkeys.copyTo(adaElsewhere.passkeys);
    const { passkeys } = adaElsewhere;
    await adaElsewhere.signIn(cluster.origin);
    await Promise.all([...Object.values(texts), later].map((text) => adaElsewhere.reads(text)));
    assert.equal(passkeys.prompts, 1);
    const saved = await adaElsewhere.save(names.file, TRANSFER_TIMEOUT_MS);
    assert.equal(await digest(saved), await digest(path), 'the file came with it');
  });
  await stage.step('no name, message or file name went to a server, its disk or its log', () => {
    return nothingLearned(stage, [...Object.values(names), ...Object.values(texts), later]);
  });
}
