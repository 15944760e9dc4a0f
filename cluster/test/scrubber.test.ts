import type { KeyValueStore } from '@rockpool/storage';
import t from 'tap';
import { Scrubber } from '../src/store/scrubber.ts';
import { MemoryDisk } from '../testing/memory-store.ts';

t.test('the scrubber reads the store over and over until it stops or finds damage', async (t) => {
  let rounds = 0;
  const third = Promise.withResolvers<void>();
  const store: KeyValueStore = {
    ...new MemoryDisk().open(),
    verify: async (pause) => {
      await pause?.();
      rounds += 1;
      if (rounds === 3) third.resolve();
      if (rounds === 5) throw new Error('damage');
    },
  };
  const never = (error: unknown) => t.fail(String(error));
  const scrubber = new Scrubber(store, never, { pauseMs: 0 });
  scrubber.start();
  await third.promise;
  await scrubber.stop();
  const stoppedAt = rounds;
  rounds = 3;
  const found = Promise.withResolvers<unknown>();
  const again = new Scrubber(store, found.resolve, { pauseMs: 0 });
  again.start();
  t.match(await found.promise, { message: 'damage' });
  await again.stop();
  t.ok(stoppedAt >= 3);
});
