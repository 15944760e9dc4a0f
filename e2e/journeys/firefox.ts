// Another browser than Chromium, from the invite to messages both ways; and it asks the nodes' STUN when it gathers.
import assert from 'node:assert/strict';
import { Firefox } from '../kit/firefox/firefox.ts';
import type { Journey } from '../kit/journey.ts';
import { stunAnswers } from '../kit/node-metrics.ts';
import { stunUrls } from '../kit/stun-urls.ts';

const NODES = [1, 2, 3];

export const journey: Journey = {
  name: 'firefox',
  summary: 'somebody joins with Firefox and talks with somebody in Chromium; Firefox asks our STUN',
  lacks: () => Firefox.lacks(),
  tell: async (stage) => {
    const { cluster } = stage;
    const ada = await stage.person('ada');
    const firefox = await stage.step('Firefox opens', () => Firefox.open());
    stage.host(firefox);
    const link = await stage.step('somebody makes a pool and an invite in Chromium', async () => {
      await ada.createAccount(await cluster.firstAdminLink());
      await ada.createPool('Tide tables');
      return ada.invite();
    });
    await stage.step('somebody joins in Firefox, with a passkey', async () => {
      await firefox.visit(link);
      await firefox.holdPasskeys();
      await firefox.press('Create account');
    });
    await stage.step('they are connected directly', () => ada.isConnectedTo(1));
    await stage.step('a message travels each way', async () => {
      await ada.say('low water at six');
      await firefox.reads('low water at six');
      await firefox.type('Message', 'I bring the bucket');
      await firefox.press('Send');
      await ada.reads('I bring the bucket');
    });
    await stage.step('a gathering of Firefox is answered by our STUN', async () => {
      const urls = await stunUrls(cluster.dataDirectory);
      const before = await stunAnswers(cluster.dataDirectory, NODES);
      await firefox.evaluate(gather, urls);
      const after = await stunAnswers(cluster.dataDirectory, NODES);
      assert.ok(after > before, `${after - before} answers while Firefox gathered`);
    });
  },
};

/** Runs in the page: everything that a connection gathers with these servers. */
async function gather(urls: string[]): Promise<number> {
  const connection = new RTCPeerConnection({ iceServers: [{ urls }] });
  connection.createDataChannel('gather');
  let candidates = 0;
  const complete = new Promise<void>((resolve) => {
    connection.onicecandidate = ({ candidate }) => {
      if (candidate === null) resolve();
      else candidates += 1;
    };
  });
  await connection.setLocalDescription();
  await complete;
  connection.close();
  return candidates;
}
