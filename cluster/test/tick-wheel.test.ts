import t from 'tap';
import type { Clock } from '../src/driver/clock.ts';
import { TickWheel } from '../src/driver/tick-wheel.ts';

const TICK_MS = 50;

/** A wheel whose time and event loop the test moves. */
function wheel() {
  const state = { nowMs: 1_000, order: [] as string[], interval: () => {}, cancelled: false };
  const later: (() => void)[] = [];
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => state.nowMs,
    after: () => () => {},
    every: (_, run) => {
      state.interval = run;
      return () => {
        state.cancelled = true;
      };
    },
    soon: (run) => later.push(run),
  };
  const made = new TickWheel({
    clock,
    tickMs: TICK_MS,
    heartbeatTicks: 2,
    tick: (mayCampaign) => state.order.push(mayCampaign ? 'tick' : 'tick without campaign'),
  });
  /** The timer fires after so long; what waits in the sockets is read then, before what is to run soon. */
  const fire = (elapsedMs: number, isRead = () => {}): readonly string[] => {
    state.order = [];
    state.nowMs += elapsedMs;
    state.interval();
    isRead();
    for (const run of later.splice(0)) run();
    return state.order;
  };
  made.start();
  return { made, state, fire };
}

t.test('one tick for each interval, however the timer drifts and jitters', (t) => {
  const { fire } = wheel();
  let ticks = 0;
  for (let at = 0; at < 1_000; at += 1) {
    const done = fire([50, 51, 49.6, 50.4][at % 4]!);
    t.ok(done.length <= 2);
    ticks += done.length;
  }
  t.ok(Math.abs(ticks - 1_005) <= 1, `${ticks} ticks in 50,250 ms`);
  t.end();
});

t.test('a standstill is made up for by one tick, and nobody campaigns at its end', (t) => {
  const { fire } = wheel();
  t.same(fire(50), ['tick']);
  t.same(fire(10_000), ['tick without campaign', 'tick without campaign']);
  t.same(fire(50), ['tick']);
  t.same(fire(99), ['tick', 'tick'], 'late by less than half a heartbeat');
  t.same(fire(102), ['tick without campaign', 'tick without campaign']);
  t.end();
});

t.test('what waits in the sockets is read before the ticks', (t) => {
  const { fire, state } = wheel();
  const order = fire(5_000, () => state.order.push('read'));
  t.equal(order[0], 'read');
  t.equal(order.length, 3);
  t.end();
});

t.test('the longest lag is told for ten seconds at least, and forgotten after twenty', (t) => {
  const { made, fire } = wheel();
  t.equal(made.lagMs, 0);
  fire(50);
  fire(350);
  t.equal(made.lagMs, 300);
  for (let at = 0; at < 200; at += 1) fire(50);
  t.equal(made.lagMs, 300);
  for (let at = 0; at < 210; at += 1) fire(50);
  t.equal(made.lagMs, 0);
  t.end();
});

t.test('after a stop no tick comes, not even one that was due', (t) => {
  const { made, fire, state } = wheel();
  t.same(
    fire(50, () => made.stop()),
    [],
  );
  t.ok(state.cancelled);
  t.end();
});
