// Browsers gather through our STUN server. (Firefox does in a journey of its own; libdatachannel beside its adapter.)
import { TranslatedStun } from '@rockpool/desktop/testing';
import t from 'tap';
import { openBrowser } from '../kit/browser.ts';
import { gatherReflexive } from '../kit/gather.ts';

const browser = await openBrowser();
t.teardown(() => browser.close());

for (const batched of [true, false]) {
  const way = batched ? 'in batches' : 'one by one';
  t.test(`Chromium gathers the addresses that our STUN server tells, ${way}`, async (t) => {
    const stun = await TranslatedStun.start({ batched });
    t.teardown(() => stun.stop());
    const page = await browser.newPage();
    const learned = await page.evaluate(gatherReflexive, [stun.url]);
    t.ok(learned.length > 0, 'it learned something');
    t.ok(
      learned.every((address) => stun.told.has(address)),
      'and only what the server saw',
    );
  });
}
