import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canary, searchCanaries } from '../kit/canary.ts';
import type { Journey, Stage } from '../kit/journey.ts';

const FILE_BYTES = 32 * 1024 * 1024;
const TRANSFER_TIMEOUT_MS = 90_000;
// Three nodes with their databases hold far more; less means the search looked in the wrong place.
const SEARCHED_BYTES_MIN = 50_000;

/** A file crosses while a node dies, history outlives a reload, talk outlives the servers. */
export const journey: Journey = {
  name: 'file-and-failures',
  summary:
    'a 32 MB file, a killed node, a reload, then no servers at all; the servers learned nothing',
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
  const names = { ada: canary('Ada'), pool: canary('Pool'), file: `${canary('file')}.bin` };
  const texts = { before: canary('before'), after: canary('after'), alone: canary('alone') };
  const path = join(directory, names.file);
  await writeFile(path, randomBytes(FILE_BYTES));
  const [ada, ben, cam] = [
    await stage.person('ada'),
    await stage.person('ben'),
    await stage.person('cam'),
  ];

  await stage.step('two people stand in a pool', async () => {
    await ada.createAccount(await stage.cluster.firstAdminLink());
    await ada.createPool(names.pool);
    await ada.rename(names.ada);
    await ben.joinAsNewcomer(await ada.invite());
    await Promise.all([ada.isConnectedTo(1), ben.isConnectedTo(1)]);
    await ada.say(texts.before);
    await ben.reads(texts.before);
  });

  const pid = (await stage.cluster.nodePids()).get(1) ?? 0;
  await stage.step('a file crosses while node 1 is killed', async () => {
    await ada.attach(path);
    await stage.cluster.killNode(1);
    const saved = await ben.save(names.file, TRANSFER_TIMEOUT_MS);
    assert.equal(await digest(saved), await digest(path), 'the file arrives bit for bit');
    assert.match(await ben.fileCard(names.file), /direct from .* · 0 bytes through the server/);
  });
  await stage.step('a third person joins and reads what was said', async () => {
    await cam.joinAsNewcomer(await ada.invite());
    await cam.isConnectedTo(2);
    await cam.reads(texts.before);
  });
  await stage.step('node 1 is started again', () => stage.cluster.nodeRestarted(1, pid));

  await stage.step('everything is there after a reload', async () => {
    await Promise.all([ada.reload(), ben.reload()]);
    await Promise.all([ada.reads(texts.before), ben.reads(texts.before)]);
    const saved = await ben.save(names.file, TRANSFER_TIMEOUT_MS);
    assert.equal(await digest(saved), await digest(path), 'the file is still whole');
    await Promise.all([ada.isConnectedTo(2), ben.isConnectedTo(2)]);
  });
  await stage.step('with all servers stopped, the conversation goes on', async () => {
    await stage.cluster.stop();
    await ada.say(texts.after);
    await ben.reads(texts.after);
    await ben.say(texts.alone);
    await Promise.all([ada.reads(texts.alone), cam.reads(texts.alone)]);
  });
  await stage.step(
    'no name, message or file name is on a server’s disk or in its log',
    async () => {
      const secrets = [...Object.values(names), ...Object.values(texts)];
      const { dataDirectory, output } = stage.cluster;
      const { bytesRead, finds } = await searchCanaries(secrets, dataDirectory, output);
      assert.deepEqual(finds, []);
      assert.ok(bytesRead > SEARCHED_BYTES_MIN, `only ${bytesRead} bytes were searched`);
    },
  );
}

async function digest(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}
