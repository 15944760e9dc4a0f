import { randomBytes } from 'node:crypto';
import t from 'tap';
import { FakeAuthenticator, fileOf, TestWorld, twoInAPool } from '../testing/index.ts';

t.test('two people meet in a pool and write to each other', async (t) => {
  const { world, a, b } = await twoInAPool();
  await a.say('hello from a');
  await b.say('hello from b');
  await world.time.until('both have both', () => a.texts.length === 2 && b.texts.length === 2);
  t.same(a.texts, b.texts);
  t.equal(b.pool.name, 'Harbour');
  t.equal(a.pool.members.length, 2);
  t.ok(a.pool.members.every((member) => member.online));
  t.same(
    a.pool.entries.map((entry) => entry.kind),
    ['joined', 'text', 'text'],
  );
  t.equal(a.view.arrival.kind, 'none');
  await world.time.until('held', () =>
    a.pool.entries.every((e) => e.kind === 'joined' || e.heldByOthers === 1),
  );
  await a.stop();
  await b.stop();
});

t.test('a link that is used, broken or of another place is told before any prompt', async (t) => {
  const { world, a, b } = await twoInAPool();
  const fragment = await a.inviteFragment();
  const authenticator = new FakeAuthenticator();
  const c = world.device(authenticator).open(fragment);
  await c.done(c.rockpool.createAccount());
  t.equal(authenticator.prompts, 1, 'one prompt lets a new person in');
  const late = new FakeAuthenticator();
  const d = world.device(late).open(fragment);
  t.equal(await d.fails(d.rockpool.createAccount()), 'CHAIN_USED');
  const e = world.device(late).open('not-a-link!');
  await world.time.until('seen', () => e.view.arrival.kind === 'broken');
  t.equal(await e.fails(e.rockpool.createAccount()), 'AUTH_ADMISSION');
  t.equal(late.prompts, 0);
  for (const client of [a, b, c, d, e]) await client.stop();
});

t.test('a known person who arrives with an invite joins without a prompt', async (t) => {
  const { world, a, placeB, b } = await twoInAPool();
  await b.stop();
  await a.done(a.rockpool.createPool('Second'));
  const second = a.view.pools.find((pool) => pool.name === 'Second');
  const { link } = await a.done(a.rockpool.invite(second?.id ?? ''));
  const prompts = placeB.authenticator.prompts;
  const again = placeB.open(link.slice(link.indexOf('#') + 1));
  await again.done(again.rockpool.acceptInvite());
  t.equal(placeB.authenticator.prompts, prompts);
  t.equal(again.view.pools.length, 2);
  await world.time.until('named', () => again.view.pools.some((pool) => pool.name === 'Second'));
  await again.stop();
  await a.stop();
});

t.test('a person signs in on a further device with one prompt and finds everything', async (t) => {
  const { world, placeA, a, b } = await twoInAPool();
  await a.say('written before');
  await world.time.until('told', () => b.texts.length === 1);
  const before = placeA.authenticator.prompts;
  const second = world.device(placeA.authenticator).open();
  await second.done(second.rockpool.signIn());
  t.equal(placeA.authenticator.prompts, before + 1);
  await world.time.until('history', () => second.view.pools[0]?.entries.length === 2);
  t.equal(second.view.me?.userId, a.view.me?.userId);
  await world.time.until('named', () => second.view.me?.name === a.view.me?.name);
  await second.say('from my phone');
  await world.time.until('everywhere', () => a.texts.length === 2 && b.texts.length === 2);
  const mine = a.pool.entries.filter((entry) => entry.mine && entry.kind === 'text');
  t.equal(mine.length, 2, 'what another own device wrote is mine too');
  for (const client of [a, b, second]) await client.stop();
});

t.test('[CLI-8] what was written while somebody was away comes when they are back', async (t) => {
  const { world, a, b, placeB } = await twoInAPool();
  await a.say('one');
  await world.time.until('told', () => b.texts.length === 1);
  await b.stop();
  await world.time.until('gone', () => a.connected === 0);
  for (let i = 0; i < 150; i++) await a.say(`while away ${i}`);
  t.equal(a.pool.entries.at(-1)?.heldByOthers, 0);
  const again = placeB.open();
  await world.time.until('caught up', () => again.texts.length === 151);
  t.same(again.texts, a.texts);
  t.equal(again.pool.unread, 151);
  again.rockpool.setActivePool(again.pool.id);
  await world.time.until('read', () => again.pool.unread === 0);
  await world.time.until('held', () => a.pool.entries.at(-1)?.heldByOthers === 1);
  await a.stop();
  await again.stop();
});

t.test('after a restart everything is there, also without any server', async (t) => {
  const { world, a, b, placeA, placeB } = await twoInAPool();
  await a.say('kept');
  await a.done(a.rockpool.offerFile(a.pool.id, fileOf('kept.txt', randomBytes(700_000))));
  await world.time.until('arrived', () => b.files[0]?.transfer.state === 'complete');
  await a.stop();
  await b.stop();
  world.cluster.stopAll();
  const a2 = placeA.open();
  const b2 = placeB.open();
  await world.time.until('restored', () => a2.texts.length === 1 && b2.texts.length === 1);
  t.equal(b2.pool.name, 'Harbour');
  await world.time.until('files', () => b2.files[0]?.transfer.state === 'complete');
  t.same(b2.files[0]?.transfer.sources, [a2.view.me?.name]);
  t.equal(b2.pool.entries.find((entry) => entry.kind === 'text')?.heldByOthers, 1);
  await world.time.until('offline', () => a2.view.server.status === 'offline');
  world.cluster.startAll();
  await world.time.until('together again', () => a2.connected === 1 && b2.connected === 1);
  await b2.say('and on');
  await world.time.until('told', () => a2.texts.length === 2);
  await a2.stop();
  await b2.stop();
});

t.test('[CLI-3] a device whose store was set back writes on in a new log', async (t) => {
  const { world, a, b, placeA } = await twoInAPool();
  await a.say('one');
  await world.time.pass(3_000);
  const older = placeA.store.copy();
  await a.say('two');
  await a.say('three');
  await world.time.until('told', () => b.texts.length === 3);
  await a.stop();
  world.cluster.stopAll();
  placeA.store = older;
  const again = placeA.open();
  await world.time.until('restored', () => again.texts.length === 1);
  await again.say('written without knowing of two and three');
  world.cluster.startAll();
  await world.time.until('converged', () => again.texts.length === 4 && b.texts.length === 4);
  t.same(again.texts, b.texts);
  await again.say('goes on');
  await world.time.until('told', () => b.texts.length === 5);
  await again.stop();
  await b.stop();
});

t.test('names of people and pools are told as records and last', async (t) => {
  const { world, a, b } = await twoInAPool();
  await a.done(a.rockpool.renameMe('  Ada\tLovelace ', 400));
  await a.done(a.rockpool.renamePool(a.pool.id, 'Analytical'));
  await a.say('by Ada');
  const name = () => b.pool.entries.find((entry) => entry.kind === 'text')?.author.name;
  await world.time.until('told', () => name() === 'Ada Lovelace' && b.pool.name === 'Analytical');
  t.equal(b.pool.members.find((member) => !member.isMe)?.hue, 40);
  t.equal(a.view.me?.name, 'Ada Lovelace');
  const seen = Buffer.concat(world.cluster.seen).toString('latin1');
  for (const secret of ['Lovelace', 'Analytical', 'Harbour', 'by Ada']) {
    t.notOk(seen.includes(secret), 'no server saw a name or a message');
  }
  await a.stop();
  await b.stop();
});

t.test('nobody gets in or starts without being admitted', async (t) => {
  const world = new TestWorld();
  const a = world.device().open();
  await world.time.until('ready', () => a.view.stage === 'signedOut' && a.view.server.unclaimed);
  t.equal(await a.fails(a.rockpool.createAccount()), 'AUTH_ADMISSION');
  t.equal(await a.fails(a.rockpool.signIn()), 'PASSKEY_UNAVAILABLE');
  const cancelled = new FakeAuthenticator();
  cancelled.refuses = 'cancelled';
  const b = world.device(cancelled).open(world.adminFragment);
  t.equal(await b.fails(b.rockpool.createAccount()), 'PASSKEY_CANCELLED');
  world.cluster.stopAll();
  await world.time.until('gone', () => b.view.server.status === 'offline');
  t.equal(await b.fails(b.rockpool.createAccount()), 'OFFLINE');
  await a.stop();
  await b.stop();
});
