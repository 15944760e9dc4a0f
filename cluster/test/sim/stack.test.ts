import { BatchWriter, readLastBatch } from '@rockpool/storage';
import t from 'tap';
import { storeFailure } from '../../src/node-error.ts';
import { Random } from '../../testing/index.ts';
import { logStoreSuite } from '../../testing/log-store-suite.ts';
import { LevelModel, openModel } from '../../testing/sim/stack/level-model.ts';
import { runStack } from '../../testing/sim/stack/stack-world.ts';

// Minutes of computing where every core is busy.
t.setTimeout(400_000);

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

t.test('whole nodes hold every property', async (t) => {
  for (const seed of [1, 4]) {
    const { violation, coverage } = await runStack({ seed, unsafeMs: 10_000 });
    t.equal(violation, undefined, `seed ${seed}`);
    t.ok(coverage['client.acknowledged'] > 0);
  }
});

t.test('more damage than the promise covers is refused, and no answer is wrong', async (t) => {
  const { violation, coverage } = await runStack({ seed: 40, beyond: true, unsafeMs: 60_000 });
  t.equal(violation, undefined);
  t.ok(coverage['refused.damage'] > 0);
});

t.test('the same seed gives the same trace, another seed another', async (t) => {
  const hashes: string[] = [];
  for (const seed of [5, 5, 6]) hashes.push((await runStack({ seed, unsafeMs: 5_000 })).traceHash);
  t.equal(hashes[0], hashes[1]);
  t.not(hashes[0], hashes[2]);
});

t.test('a log whose middle is damaged loses it without a word, as LevelDB does', async (t) => {
  const model = new LevelModel(100);
  for (const name of ['a', 'b', 'c', 'd']) model.append([{ key: bytes(name), value: bytes(name) }]);
  t.ok(model.damageLog(new Random(1)));
  model.open();
  t.ok(model.live.size < 4);
  t.ok(model.live.get('d'), 'the newest batch is there');
});

t.test('a log that is cut keeps no trace of what it lost', async (t) => {
  const model = new LevelModel(100);
  const store = openModel(model, 10);
  const writer = new BatchWriter(store, {
    lastBatch: 0,
    lazyMs: 0,
    failWith: storeFailure,
    onPoison: t.fail,
  });
  for (const name of ['a', 'b', 'c', 'd']) {
    writer.stage([{ key: bytes(name), payload: bytes(name) }], 'urgent');
    await writer.settle();
  }
  const first = model.cutLog(new Random(1));
  model.open();
  t.ok(first);
  t.equal(await readLastBatch(store, storeFailure), Number(first) - 1);
});

t.test('a damaged table is read as if it were whole, until it is verified', async (t) => {
  const model = new LevelModel(100);
  const store = openModel(model, 10);
  await store.write([{ key: bytes('a'), value: bytes('value') }]);
  model.open();
  await store.verify();
  t.ok(model.flipBit(new Random(1), '', '\uffff'));
  const [value] = await store.getMany([bytes('a')]);
  t.notSame(value, bytes('value'));
  await t.rejects(store.verify(), { code: 'STORE_DAMAGED' });
});

t.test('the simulated database keeps the contract of every database', async (t) => {
  logStoreSuite(t, async () => {
    const model = new LevelModel(3);
    return {
      open: async () => {
        model.open();
        return openModel(model, 3);
      },
    };
  });
});
