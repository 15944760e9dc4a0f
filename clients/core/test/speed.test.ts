import t from 'tap';
import { Speed } from '../src/files/speed.ts';

t.test('speed is smoothed while bytes flow and zero soon after they stop', async (t) => {
  const speed = new Speed(0);
  let nowMs = 0;
  const sample = (bytes: number) => {
    speed.add(bytes);
    nowMs += 500;
    speed.sample(nowMs);
  };
  for (let i = 0; i < 20; i++) sample(5_000_000);
  t.equal(speed.bytesPerSecond, 10_000_000);
  sample(1_000_000);
  t.ok(speed.bytesPerSecond > 7_000_000, 'one slow sample moves it only a little');
  t.equal(speed.secondsLeft(80_000_000), Math.ceil(80_000_000 / speed.bytesPerSecond));
  for (let i = 0; i < 3; i++) sample(0);
  t.equal(speed.bytesPerSecond, 0, 'still after three samples without a byte');
  t.equal(speed.active, false);
  t.equal(speed.secondsLeft(1), undefined);
});
