// Another browser than Chromium, from the invite to messages both ways; and it asks the nodes' STUN when it gathers.
import assert from 'node:assert/strict';
import { TranslatedStun } from '@rockpool/desktop/testing';
import { Firefox } from '../kit/firefox/firefox.ts';
import { gatherReflexive } from '../kit/gather.ts';
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
    await stage.step('a gathering of Firefox is answered by the nodes', async () => {
      const urls = await stunUrls(cluster.dataDirectory);
      const before = await stunAnswers(cluster.dataDirectory, NODES);
      await firefox.evaluate(gatherReflexive, urls);
      const after = await stunAnswers(cluster.dataDirectory, NODES);
      assert.ok(after > before, `${after - before} answers while Firefox gathered`);
    });
    await stage.step('behind a NAT it learns the addresses that our STUN tells', async () => {
      const stun = await TranslatedStun.start({ batched: true });
      const learned = await firefox
        .evaluate(gatherReflexive, [stun.url])
        .finally(() => stun.stop());
      assert.ok(learned.length > 0, 'it learned something');
      assert.deepEqual(new Set(learned).difference(stun.told), new Set());
    });
  },
};
