import t from 'tap';
import { SharedTimer } from '../src/driver/shared-timer.ts';

/** A timer whose clock the test moves; `set` counts the timers that it asked of the machine. */
function sharedTimer() {
  const state = { nowMs: 1_000, set: 0, due: new Map<number, () => void>(), ran: [] as string[] };
  const timer = new SharedTimer({
    monotonicMs: () => state.nowMs,
    after: (delayMs, run) => {
      state.set += 1;
      const dueMs = state.nowMs + delayMs;
      state.due.set(dueMs, run);
      return () => state.due.delete(dueMs);
    },
  });
  const after = (delayMs: number, name: string) => timer.after(delayMs, () => state.ran.push(name));
  /** The machine's timers fire as their time comes. */
  const pass = (elapsedMs: number): readonly string[] => {
    state.ran = [];
    const endMs = state.nowMs + elapsedMs;
    for (;;) {
      const [next] = [...state.due].sort(([a], [b]) => a - b);
      if (next === undefined || next[0] > endMs) break;
      state.nowMs = Math.max(state.nowMs, next[0]);
      state.due.delete(next[0]);
      next[1]();
    }
    state.nowMs = endMs;
    return state.ran;
  };
  return { timer, state, after, pass };
}

t.test('each runs once, when its own time is over', async (t) => {
  const { after, pass } = sharedTimer();
  after(500, 'slow');
  after(20, 'fast');
  after(100, 'between');
  t.same(pass(19), []);
  t.same(pass(1), ['fast']);
  t.same(pass(79), []);
  t.same(pass(1_000), ['between', 'slow']);
  t.same(pass(10_000), []);
  after(5, 'later');
  t.same(pass(5), ['later']);
});

t.test('those who end in time cost no timer of their own', async (t) => {
  const { state, after, pass } = sharedTimer();
  for (let at = 0; at < 1_000; at += 1) {
    const cancel = after(5_000, 'never');
    pass(4);
    cancel();
  }
  after(5_000, 'last');
  t.ok(state.set <= 2, `${state.set} timers in four seconds`);
  t.same(pass(4_999), []);
  t.same(pass(1), ['last']);
});

t.test('those who are due together run in the order of their times', async (t) => {
  const { state, timer, after, pass } = sharedTimer();
  after(30, 'third');
  after(10, 'first');
  const cancel = after(25, 'cancelled by the first');
  timer.after(20, () => {
    state.ran.push('second');
    cancel();
    after(0, 'at once');
  });
  state.nowMs += 50;
  t.same(pass(0), ['first', 'second', 'third', 'at once']);
});

t.test('a timer that fires early is set again', async (t) => {
  const { state, after, pass } = sharedTimer();
  after(100, 'due');
  const [[dueMs, fire] = []] = state.due;
  state.due.delete(dueMs ?? 0);
  state.nowMs += 99.5;
  fire?.();
  t.same(state.ran, []);
  t.same(pass(1), ['due']);
});

t.test('stopped, it runs nothing and leaves no timer behind', async (t) => {
  const { state, timer, after, pass } = sharedTimer();
  after(10, 'never');
  timer.stop();
  t.equal(state.due.size, 0);
  t.same(pass(100), []);
});
