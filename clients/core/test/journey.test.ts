import t from 'tap';
import { twoInAPool } from '../testing/index.ts';

t.test('two people meet in a pool and write to each other', async (t) => {
  const { world, a, b } = await twoInAPool();
  await a.say('hello from a');
  await b.say('hello from b');
  await world.time.until('both have both', () => a.texts.length === 2 && b.texts.length === 2);
  t.same(a.texts, b.texts);
  t.equal(b.pool.name, 'Harbour');
  await a.stop();
  await b.stop();
});
