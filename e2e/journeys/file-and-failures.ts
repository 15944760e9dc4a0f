import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canary } from '../kit/canary.ts';
import { digest } from '../kit/digest.ts';
import type { Journey, Stage } from '../kit/journey.ts';
import { webSocketBytes } from '../kit/node-metrics.ts';
import { nothingLearned } from '../kit/nothing-learned.ts';
import { smallPicture } from '../kit/picture.ts';
import { stunNamesOurPort } from '../kit/stun-request.ts';
import { stunUrls } from '../kit/stun-urls.ts';

const FILE_BYTES = 32 * 1024 * 1024;
const EARLY_FILE_BYTES = 300_000;
const TRANSFER_TIMEOUT_MS = 90_000;
/** Signals, presence and links of three people; the file is thirty times as large. */
const SERVER_BYTES_MAX = 1_000_000;
const NODES = [1, 2, 3];
/** So many that without a shared port some would ask the node that is dead. */
const STUN_CLIENTS = 30;

/** Files cross, one of them while a node dies; somebody comes before it is back; all of it stays. */
export const journey: Journey = {
  name: 'file-and-failures',
  summary: 'files cross, 32 MB while a node is killed, none of it through a server; a reload',
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
  const names = { ada: canary('Ada'), pool: canary('Pool'), file: `${canary('file')}.bin` };
  const earlyName = `${canary('early')}.bin`;
  const pictureName = `${canary('picture')}.png`;
  const text = canary('before');
  const path = join(directory, names.file);
  const earlyPath = join(directory, earlyName);
  await writeFile(path, randomBytes(FILE_BYTES));
  await writeFile(earlyPath, randomBytes(EARLY_FILE_BYTES));
  const ada = await stage.person('ada');
  const ben = await stage.person('ben');
  const cam = await stage.person('cam');

  await stage.step('a file is dropped before anybody is there, and waits', async () => {
    await ada.createAccount(await cluster.firstAdminLink());
    await ada.createPool(names.pool);
    await ada.rename(names.ada);
    await ada.attach(earlyPath);
    await ada.fileCardSays(earlyName, /Waits here until somebody comes online/);
  });
  await stage.step('it arrives when somebody has joined', async () => {
    await ben.joinAsNewcomer(await ada.invite());
    const saved = await ben.save(earlyName, TRANSFER_TIMEOUT_MS);
    assert.equal(await digest(saved), await digest(earlyPath), 'the early file is whole');
    await Promise.all([ada.isConnectedTo(1), ben.isConnectedTo(1)]);
    await ada.say(text);
    await ben.reads(text);
  });
  await stage.step('a small picture shows itself at once on the other side', async () => {
    await ada.drop(pictureName, 'image/png', smallPicture());
    await Promise.all([ada.previews(pictureName), ben.previews(pictureName)]);
  });

  const home = await ada.homeNode();
  const survivors = NODES.filter((node) => node !== home);
  const pid = (await cluster.nodePids()).get(home) ?? 0;
  await stage.step('32 MB cross while the node that serves their sender is killed', async () => {
    // Everybody may sit at the node that is killed, so that the others have counted nothing yet.
    const counted = await webSocketBytes(cluster.dataDirectory, NODES);
    assert.ok(counted > 0, 'the nodes count what goes through them');
    const before = await webSocketBytes(cluster.dataDirectory, survivors);
    await ada.attach(path);
    await ben.receives(names.file);
    await cluster.killNode(home);
    const [saved] = await Promise.all([
      ben.save(names.file, TRANSFER_TIMEOUT_MS),
      stunAnswers(cluster.dataDirectory),
      ada.hearsOfServers(new RegExp(`Node ${home} stopped, nothing to do`)),
    ]);
    assert.equal(await digest(saved), await digest(path), 'the file arrives bit for bit');
    await ben.fileCardSays(names.file, /direct from .* · 0 bytes through the server/);
    const through = (await webSocketBytes(cluster.dataDirectory, survivors)) - before;
    assert.ok(through < SERVER_BYTES_MAX, `${through} bytes went through the servers`);
  });
  await stage.step('that node is started again, and the page says so', async () => {
    await Promise.all([
      ada.hearsOfServers(new RegExp(`Node ${home} is back`)),
      cluster.nodeRestarted(home, pid),
    ]);
  });
  await stage.step('while another node is down, a third person joins', async () => {
    const link = await ada.invite();
    const release = await cluster.keepDown(survivors[0] ?? 0);
    try {
      await cam.joinAsNewcomer(link);
      await cam.isConnectedTo(2);
      await cam.reads(text);
    } finally {
      release();
    }
  });

  await stage.step('everything is there after a reload', async () => {
    await Promise.all([ada.reload(), ben.reload()]);
    await Promise.all([ada.reads(text), ben.reads(text), ben.previews(pictureName)]);
    const saved = await ben.save(names.file, TRANSFER_TIMEOUT_MS);
    assert.equal(await digest(saved), await digest(path), 'the file is still whole');
    await Promise.all([ada.isConnectedTo(2), ben.isConnectedTo(2)]);
  });
  await stage.step('no name, message or file name went to a server, its disk or its log', () => {
    return nothingLearned(stage, [...Object.values(names), earlyName, pictureName, text]);
  });
}

/**
 * The nodes of one machine share their STUN port: whoever asks is answered by one that lives. What a dying node had received
 * is lost, and asked again as by every client.
 */
async function stunAnswers(dataDirectory: string): Promise<void> {
  const urls = await stunUrls(dataDirectory);
  assert.equal(urls.length, 1, 'one port for all');
  const port = Number(urls[0]?.split(':').at(-1));
  for (let client = 0; client < STUN_CLIENTS; client += 1) {
    assert.ok(await stunNamesOurPort('127.0.0.1', port), 'STUN answers');
  }
}
