import assert from 'node:assert/strict';
import type { Journey } from '../kit/journey.ts';

/** From empty data to a conversation of two that outlives one node. */
export const journey: Journey = {
  name: 'first-message',
  summary: 'two people meet by an invite link and keep talking while a node is killed',
  tell: async (stage) => {
    const ada = await stage.person('ada');
    const ben = await stage.person('ben');

    await stage.step('the first account is made with one prompt', async () => {
      await ada.createAccount(await stage.cluster.firstAdminLink());
    });
    await stage.step('a pool is created', () => ada.createPool('Tide tables'));
    const link = await stage.step('an invite link is made', () => ada.invite());
    await stage.step('a second person joins by the link', () => ben.joinAsNewcomer(link));
    await stage.step('both see each other', async () => {
      await Promise.all([ada.seesOnline(2), ben.seesOnline(2)]);
    });
    await stage.step('a message travels each way', async () => {
      await ada.say('low water at six');
      await ben.reads('low water at six');
      await ben.say('I bring the bucket');
      await ada.reads('I bring the bucket');
    });

    await stage.step('nobody is kept out of the conversation by the screen', async () => {
      assert.deepEqual(await ada.accessibilityFaults(), []);
    });

    const pid = (await stage.cluster.nodePids()).get(2) ?? 0;
    await stage.step('a message travels while node 2 lies dead', async () => {
      await stage.cluster.killNode(2);
      await ada.say('still here?');
      await ben.reads('still here?');
      await ben.say('of course');
      await ada.reads('of course');
    });
    await stage.step('node 2 is started again', () => stage.cluster.nodeRestarted(2, pid));
    await stage.step('the conversation is there after a reload', async () => {
      await Promise.all([ada.reload(), ben.reload()]);
      await Promise.all([ada.reads('of course'), ben.reads('low water at six')]);
    });
    await stage.step('a link opened in the running page leads into another pool', async () => {
      await ben.createPool('Rock samples');
      await ada.joinAsMember(await ben.invite());
      await ben.say('granite');
      await ada.reads('granite');
    });
  },
};
