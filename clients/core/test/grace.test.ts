import { toHex } from '@rockpool/protocol';
import t from 'tap';
import { type TestClient, TestWorld, twoInAPool } from '../testing/test-client.ts';

const DAY_MS = 24 * 3600 * 1000;

t.test(
  '[CLI-13] a device brings back the links that restored servers lost, and its person is told',
  async (t) => {
    const { world, a, b } = await twoInAPool();
    const { cluster } = world;
    const [pool] = [...cluster.pools.values()];
    const before = pool!.links.length;
    t.ok(before >= 3, 'genesis, invite, join');
    cluster.restore(new Map([[toHex(pool!.ref[1]), 1]]), DAY_MS);
    await world.time.until('both brought it back', () => (cluster.grace?.offers.length ?? 0) >= 2);
    t.ok(cluster.grace!.offers.every(({ links }) => links.length === before - 1));
    const [byMember] = cluster.grace!.offers.filter(({ evidence }) => evidence.length > 0);
    t.ok(byMember, 'with the joiner, whom the pool has not seen');
    t.equal(await a.fails(a.rockpool.invite(a.pool.id)), 'CHAIN_GRACE');
    t.equal(a.view.server.graceEndsMs, cluster.grace!.untilMs);
    await a.say('we go on');
    await b.until('it came', () => b.texts.includes('we go on'));
    cluster.endGrace();
    t.equal(cluster.pools.get(toHex(pool!.ref[1]))?.links.length, before);
    cluster.stopAll();
    cluster.startAll();
    await a.until(
      'no grace',
      () => a.view.server.status === 'online' && a.view.server.graceEndsMs === undefined,
    );
    await a.done(a.rockpool.invite(a.pool.id));
    await stopped(a, b);
  },
);

t.test(
  '[CLI-14] a person whose account was lost brings the join and then the account',
  async (t) => {
    const { world, a, b } = await twoInAPool();
    const { cluster } = world;
    const [pool] = [...cluster.pools.values()];
    const joiner = pool!.states.at(-1)!.members.at(-1)!.user;
    await stopped(a);
    cluster.restore(
      new Map([
        [toHex(pool!.ref[1]), 1],
        [toHex(joiner[1]), 0],
      ]),
      DAY_MS,
    );
    await world.time.until('the account is offered', () => {
      return cluster.grace!.offers.some(
        ({ chain, parent }) => chain === 'user' && parent === undefined,
      );
    });
    const account = cluster.grace!.offers.find(({ chain }) => chain === 'user');
    t.same(account?.ref, joiner);
    t.same(account?.pool, pool!.ref, 'the pool vouches for it');
    t.equal(cluster.grace!.offers[0]?.chain, 'pool');
    await b.until('the person is told', () =>
      b.view.notices.some(({ text }) => /older state/.test(text)),
    );
    cluster.endGrace();
    await b.until('it is in again', () => b.view.server.status === 'online');
    t.equal(b.pool.members.length, 2);
    await stopped(b);
  },
);

t.test('[CLI-13] servers that are busy get the links when they are not', async (t) => {
  const { world, a, b } = await twoInAPool();
  const { cluster } = world;
  const [pool] = [...cluster.pools.values()];
  await stopped(b);
  cluster.restore(new Map([[toHex(pool!.ref[1]), 1]]), DAY_MS);
  cluster.grace!.tooMany = 20;
  await world.time.until('it brought them back', () => (cluster.grace?.offers.length ?? 0) > 0);
  t.equal(cluster.grace!.tooMany, 0);
  await stopped(a);
});

t.test('nothing is offered to servers that take nothing back', async (t) => {
  const world = new TestWorld();
  const a = world.device().open(world.adminFragment);
  await a.done(a.rockpool.createAccount());
  await a.done(a.rockpool.createPool('Harbour'));
  const [pool] = [...world.cluster.pools.values()];
  await a.done(a.rockpool.invite(a.pool.id));
  world.cluster.restore(new Map([[toHex(pool!.ref[1]), 1]]), DAY_MS);
  const { grace } = world.cluster;
  world.cluster.grace = undefined;
  await a.until('it is online again', () => a.view.server.status === 'online');
  await world.time.pass(1_000);
  t.same(grace?.offers, []);
  await stopped(a);
});

async function stopped(...clients: readonly TestClient[]): Promise<void> {
  for (const client of clients) await client.stop();
}
