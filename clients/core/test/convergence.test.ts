import t from 'tap';
import { type TestClient, type TestDevicePlace, twoInAPool } from '../testing/index.ts';

/** Small seeded generator (mulberry32), so that a failure can be run again. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let z = Math.imul(state ^ (state >>> 15), 1 | state);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

const SEEDS = [1, 2, 3, 4];
const STEPS = 40;

async function play(seed: number): Promise<{ clients: TestClient[]; said: number }> {
  const random = generator(seed);
  const { world, a, b, placeA, placeB } = await twoInAPool();
  const placeC = world.device();
  const c = placeC.open(await a.inviteFragment());
  await c.done(c.rockpool.createAccount());
  const clients = [a, b, c];
  const places: TestDevicePlace[] = [placeA, placeB, placeC];
  let said = 0;
  for (let step = 0; step < STEPS; step++) {
    const who = Math.floor(random() * clients.length);
    const client = clients[who]!;
    const dice = random();
    if (dice < 0.6) await client.say(`step ${step} by ${who}, word ${said++}`);
    else if (dice < 0.7) world.peers.closeAll();
    else if (dice < 0.75) world.peers.cutAll();
    else if (dice < 0.8) world.cluster.stop(`${1 + Math.floor(random() * 3)}`);
    else if (dice < 0.85) world.cluster.startAll();
    else if (dice < 0.9) {
      await client.stop();
      clients[who] = places[who]!.open();
      await world.time.until('restored', () => clients[who]!.view.pools.length === 1);
    } else await world.time.pass(Math.floor(random() * 5_000));
  }
  world.cluster.startAll();
  const complete = (each: TestClient) => each.texts.length === said;
  await world.time.until(`seed ${seed} converges`, () => clients.every(complete), 300_000);
  return { clients, said };
}

for (const seed of SEEDS) {
  t.test(
    `whatever connections and servers do, all end with the same entries (seed ${seed})`,
    async (t) => {
      const { clients, said } = await play(seed);
      t.ok(said > 0);
      const [first, ...others] = clients.map((client) => client.pool.entries.map(({ id }) => id));
      for (const other of others) t.same(other, first);
      for (const client of clients) await client.stop();
    },
  );
}
