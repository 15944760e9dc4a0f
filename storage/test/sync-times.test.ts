import t from 'tap';
import { SyncTimes } from '../src/sync-times.ts';

t.test('of the newest batches: how long 99 of 100 took, and the one under way', async (t) => {
  let nowMs = 0;
  const times = new SyncTimes(() => nowMs);
  t.same(times.figures(), { batches: 0, p99Ms: 0, maxMs: 0, waitingMs: 0 });
  const take = (ms: number) => {
    times.begin();
    nowMs += ms;
    times.end();
  };
  for (let ms = 1; ms <= 100; ms += 1) take(ms);
  t.same(times.figures(), { batches: 100, p99Ms: 99, maxMs: 100, waitingMs: 0 });
  times.begin();
  nowMs += 1_500;
  t.equal(times.figures().waitingMs, 1_500);
  times.end();
  for (let at = 0; at < 1_024; at += 1) take(2);
  t.same(times.figures(), { batches: 1_024, p99Ms: 2, maxMs: 2, waitingMs: 0 }, 'old ones go');
});
