import { setImmediate } from 'node:timers/promises';
import t from 'tap';
import { ReadSlots } from '../../src/node/read-slots.ts';
import { TurnQueue } from '../../src/thread/turn-queue.ts';

t.test('a flood is handled in order, a few milliseconds of it per turn', async (t) => {
  let nowMs = 0;
  const handled: number[] = [];
  const queue = new TurnQueue<number>(
    (message) => {
      handled.push(message);
      nowMs += 1;
    },
    () => nowMs,
  );
  const all = Array.from({ length: 100 }, (_, at) => at);
  for (const message of all) queue.add(message);
  const perTurn = [handled.length];
  while (handled.length < all.length) {
    const before = handled.length;
    await setImmediate();
    perTurn.push(handled.length - before);
  }
  t.same(handled, all);
  t.ok(Math.max(...perTurn) <= 4, `at most 4 ms in a turn: ${perTurn}`);
  await setImmediate();
  queue.add(100);
  t.equal(handled.at(-1), 100, 'a single one does not wait');
});

t.test('a message that takes long delays the others by no turn more', async (t) => {
  let nowMs = 0;
  const handled: string[] = [];
  const queue = new TurnQueue<string>(
    (message) => {
      handled.push(message);
      nowMs += 50;
    },
    () => nowMs,
  );
  for (const message of ['a', 'b', 'c']) queue.add(message);
  t.same(handled, ['a']);
  await setImmediate();
  t.same(handled, ['a', 'b']);
  await setImmediate();
  t.same(handled, ['a', 'b', 'c']);
});

t.test('of many reads 64 are on their way, the others wait their turn', async (t) => {
  const slots = new ReadSlots();
  const pending: PromiseWithResolvers<number>[] = [];
  const begun: number[] = [];
  const reads = Array.from({ length: 200 }, (_, at) =>
    slots.run(() => {
      begun.push(at);
      const read = Promise.withResolvers<number>();
      pending.push(read);
      return read.promise;
    }),
  );
  const outcomes = Promise.allSettled(reads);
  await setImmediate();
  t.equal(begun.length, 64);
  pending[0]!.reject(new Error('unreadable'));
  pending[1]!.resolve(1);
  await setImmediate();
  t.equal(begun.length, 66, 'a failed one gives its place away as well');
  for (let at = 2; at < 200; at += 1) {
    pending[at]!.resolve(at);
    await setImmediate();
  }
  const settled = await outcomes;
  t.same(
    begun,
    settled.map((_, at) => at),
  );
  t.same(settled.filter(({ status }) => status === 'rejected').length, 1);
  const again = slots.run(async () => 'read');
  t.equal(await again, 'read');
});
