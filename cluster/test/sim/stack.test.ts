import t from 'tap';
import { Random } from '../../testing/index.ts';
import { logStoreSuite } from '../../testing/log-store-suite.ts';
import { LevelModel, openModel } from '../../testing/sim/stack/level-model.ts';
import { runStack, type StackOptions } from '../../testing/sim/stack/stack-world.ts';

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

/** So many seeds are tried at most. */
const WITHIN = 10;

/** Each with the seed from which it is looked for. */
const MISTAKES: Readonly<Record<string, Omit<StackOptions, 'unsafeMs'>>> = {
  'the disk confirms what it has not written': { mistakes: { confirmsEarly: true }, seed: 1 },
  'tables are not verified at the start': {
    mistakes: { verifiesNothing: true },
    beyond: true,
    seed: 67,
  },
  'a node that moved is looked for where it was': {
    mistakes: { callsListedAddresses: true },
    seed: 4,
  },
};

for (const [mistake, { seed: from, ...options }] of Object.entries(MISTAKES)) {
  t.test(`a known mistake is found: ${mistake}`, async (t) => {
    for (let seed = from; seed < from + WITHIN; seed += 1) {
      const { violation } = await runStack({ seed, ...options });
      if (violation === undefined) continue;
      t.comment(`seed ${seed}: ${violation.property}: ${violation.message}`);
      t.pass('found');
      return;
    }
    t.fail(`not found within ${WITHIN} seeds`);
  });
}

t.test('a log whose middle is damaged loses it without a word, as LevelDB does', async (t) => {
  const model = new LevelModel(100);
  for (const name of ['a', 'b', 'c', 'd']) model.append([{ key: bytes(name), value: bytes(name) }]);
  t.ok(model.damageLog(new Random(1)));
  model.open();
  t.ok(model.live.size < 4);
  t.ok(model.live.get('d'), 'the newest batch is there');
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
