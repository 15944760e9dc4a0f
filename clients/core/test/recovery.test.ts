import t from 'tap';
import { FakeAuthenticator, TestWorld, twoInAPool } from '../testing/index.ts';

const DAY_MS = 24 * 3_600_000;

t.test(
  'an account whose registration was answered by a dying node is there all the same',
  async (t) => {
    const world = new TestWorld();
    const authenticator = new FakeAuthenticator();
    const place = world.device(authenticator);
    const a = place.open(world.adminFragment);
    await world.time.until('greeted', () => a.view.server.node !== undefined);
    const first = a.view.server.node ?? '';
    let died = false;
    world.cluster.tamper = (frame) => {
      if (died || frame.type !== 'ok' || frame.head === undefined) return frame;
      died = true;
      world.cluster.stop(first);
      return undefined;
    };
    await a.done(a.rockpool.createAccount());
    t.equal(died, true);
    t.equal(authenticator.prompts, 1);
    t.equal(a.view.stage, 'signedIn');
    await a.done(a.rockpool.createPool('After all'));
    t.equal(a.pool.name, 'After all');
    await a.stop();
  },
);

t.test('a join whose answer got lost is not tried a second time in vain', async (t) => {
  const { world, a, b } = await twoInAPool();
  await a.done(a.rockpool.createPool('Second'));
  const second = a.view.pools.find((pool) => pool.name === 'Second');
  const { link } = await a.done(a.rockpool.invite(second?.id ?? ''));
  const c = world.device().open(link.slice(link.indexOf('#') + 1));
  let oks = 0;
  world.cluster.tamper = (frame, socket) => {
    // The second link that the newcomer brings is its join.
    const newcomer = !socket.watched.length && frame.type === 'ok' && frame.head !== undefined;
    if (!newcomer || ++oks !== 2) return frame;
    socket.break();
    return undefined;
  };
  await c.done(c.rockpool.createAccount());
  t.equal(oks >= 2, true);
  t.equal(c.view.pools.length, 1);
  for (const client of [a, b, c]) await client.stop();
});

t.test('an expired device signs in again as a new one and finds what it had', async (t) => {
  const { world, a, b, placeB } = await twoInAPool();
  await b.say('before it expired');
  await world.time.until('told', () => a.texts.length === 1);
  await a.stop();
  await b.stop();
  await world.time.pass(91 * DAY_MS);
  const again = placeB.open();
  await world.time.until('asked', () => again.view.stage === 'signedOut');
  t.match(again.view.notices.map((notice) => notice.text).join(), 'expired');
  await again.done(again.rockpool.signIn());
  await world.time.until('restored', () => again.view.pools[0]?.entries.length === 2);
  t.equal(again.texts[0], 'before it expired');
  t.equal(again.pool.entries.at(-1)?.mine, true, 'what the former device wrote is still mine');
  t.equal(again.pool.members.find((member) => member.isMe)?.devices.length, 1);
  await again.say('and on');
  t.equal(again.texts.length, 2);
  await again.stop();
});

t.test('a store that cannot be opened is said, with what to do', async (t) => {
  const world = new TestWorld();
  const place = world.device();
  place.store.get = async () => {
    throw new Error('no storage');
  };
  const a = place.open();
  await world.time.until('said', () => a.view.stage === 'blocked');
  t.match(a.view.capabilities.blockedBy?.remedy, 'storage');
  await a.stop();
});
