// A short run of the chaos journey that any user can play: processes are killed and paused, ways stay whole.
import t from 'tap';
import { loopback } from '../kit/chaos/loopback.ts';
import { PROCESS_FAULTS } from '../kit/chaos/nemesis.ts';
import { torment } from '../kit/chaos/torment.ts';

// Processes start slowly where every core is busy.
t.setTimeout(100_000);

t.test('under kill -9 and pauses, what clients were told is one story', async (t) => {
  const seed = Date.now() % 1_000_000;
  // Longer than the longest calm, so that there is a fault.
  const lines: string[] = [];
  const report = (line: string): void => void lines.push(line);
  await torment({ ground: loopback, faults: PROCESS_FAULTS, minutes: 0.09, seed, report });
  const last = lines.at(-1) ?? '';
  t.comment(`seed ${seed}: ${last}`);
  t.match(last, /[1-9]\d* operations/);
  t.match(last, /(kill|killMost|killAll|pause|pauseMost) [1-9]/);
});
