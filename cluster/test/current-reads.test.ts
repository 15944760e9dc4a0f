import { systemAfter } from '@rockpool/storage';
import t from 'tap';
import type { ReadResult } from '../src/core/types.ts';
import { CurrentReads } from '../src/driver/current-reads.ts';

/** Reads whose core is in the test's hands. */
function reader() {
  const asked: number[] = [];
  const state = { answer: { ok: true, read: 0 } as ReadResult };
  const raft = {
    readIndex: (): ReadResult => {
      if (!state.answer.ok) return state.answer;
      asked.push(asked.length + 1);
      return { ok: true, read: asked.length };
    },
  };
  const woken: number[] = [];
  const reads = new CurrentReads(systemAfter, (group) => woken.push(group));
  return { state, reads, asked, woken, ask: () => reads.ask(1, raft) };
}

t.test('callers of one turn share a read, later ones have the next, several at once', async (t) => {
  const { reads, asked, woken, ask } = reader();
  const first = [reads.current(1, 5_000), reads.current(1, 5_000)];
  t.same(woken, [1, 1]);
  ask();
  ask();
  t.same(asked, [1], 'nobody waits for another one');
  const second = reads.current(1, 5_000);
  ask();
  t.same(asked, [1, 2], 'it does not wait for the first');
  reads.confirmed(1, 2);
  await second;
  reads.confirmed(1, 1);
  await Promise.all(first);
});

t.test('a read that fails is asked for again, in a read of its own', async (t) => {
  const { reads, asked, ask } = reader();
  const waiting = reads.current(1, 5_000);
  ask();
  reads.failed(1, 1);
  reads.confirmed(1, 1);
  ask();
  t.same(asked, [1, 2]);
  reads.confirmed(1, 2);
  await waiting;
});

t.test('a read that ends without an answer says why, and is asked for no more', async (t) => {
  const { state, reads, asked, ask } = reader();
  state.answer = { ok: false, code: 'NO_LEADER' };
  const leaderless = reads.current(1, 1);
  ask();
  await t.rejects(leaderless, { code: 'CLUSTER_NO_LEADER' });
  state.answer = { ok: false, code: 'BUSY' };
  const busy = reads.current(1, 1);
  ask();
  await t.rejects(busy, { code: 'CLUSTER_BUSY' });
  state.answer = { ok: true, read: 0 };
  const late = reads.current(1, 1);
  ask();
  await t.rejects(late, { code: 'CLUSTER_TIMEOUT' });
  reads.failed(1, 1);
  ask();
  t.same(asked, [1], 'nobody waits any more');
  const stopped = reads.current(1, 5_000);
  reads.stop();
  await t.rejects(stopped, { code: 'CLUSTER_STOPPED' });
  await t.rejects(reads.current(1, 5_000), { code: 'CLUSTER_STOPPED' });
});

t.test('callers of reads are bounded', async (t) => {
  const { reads } = reader();
  const many = Array.from({ length: 16_384 }, () => reads.current(1, 60_000));
  await t.rejects(reads.current(1, 60_000), { code: 'CLUSTER_BUSY' });
  reads.stop();
  const ends = await Promise.allSettled(many);
  t.ok(ends.every((end) => end.status === 'rejected' && end.reason.code === 'CLUSTER_STOPPED'));
});
