import type { FileEntry } from '@rockpool/client-core';
import fc from 'fast-check';
import t from 'tap';
import { pathWords, transferWords } from '../src/features/files/transfer-words.ts';
import {
  bytesInWords,
  countdownInWords,
  countdownMilestone,
  countInWords,
  dayInWords,
  secondsInWords,
} from '../src/ui/words.ts';

const UNITS = ['B', 'KB', 'MB', 'GB', 'TB'];

t.test('sizes have three digits at most, in decimal units', async (t) => {
  const expected = new Map([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KB'],
    [99_949, '99.9 KB'],
    [99_950, '100 KB'],
    [999_499, '999 KB'],
    [999_500, '1.0 MB'],
    [1_234_567, '1.2 MB'],
    [209_715_200, '210 MB'],
    [1_900_000_000_000, '1.9 TB'],
  ]);
  for (const [bytes, words] of expected) t.equal(bytesInWords(bytes), words);
});

t.test('a size in words is the size, to one part in twenty', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 900_000_000_000_000 }), (bytes) => {
      const [number = '', unit = ''] = bytesInWords(bytes).split(' ');
      const again = Number(number) * 1000 ** UNITS.indexOf(unit);
      return number.length <= 4 && Math.abs(again - bytes) <= bytes / 20;
    }),
  );
  t.pass();
});

t.test('time left never reads 0 s, 60 s or 60 min', async (t) => {
  t.equal(secondsInWords(0.2), '1 s left');
  t.equal(secondsInWords(59.4), '59 s left');
  t.equal(secondsInWords(59.7), '1 min left');
  t.equal(secondsInWords(3560), '59 min left');
  t.equal(secondsInWords(3590), '1 h left');
  t.equal(secondsInWords(7300), '2 h left');
});

t.test('a countdown is shown by the second and never below nothing', async (t) => {
  t.equal(countdownInWords(120_000), '2:00');
  t.equal(countdownInWords(60_001), '1:01');
  t.equal(countdownInWords(8_400), '0:09');
  t.equal(countdownInWords(-5), '0:00');
});

t.test('a countdown of two minutes is said aloud three times', async (t) => {
  const said = new Set<string>();
  for (let leftMs = 120_000; leftMs >= 0; leftMs -= 1000) said.add(countdownMilestone(leftMs));
  t.same([...said].slice(0, 1), ['']);
  t.equal(said.size - 1, 3);
});

t.test('days are counted by the calendar, not by 24 hours', async (t) => {
  const nowMs = new Date(2026, 6, 15, 0, 30).getTime();
  t.equal(dayInWords(new Date(2026, 6, 15, 0, 5).getTime(), nowMs), 'Today');
  t.equal(dayInWords(new Date(2026, 6, 14, 23, 55).getTime(), nowMs), 'Yesterday');
  t.match(dayInWords(new Date(2026, 6, 13, 23, 55).getTime(), nowMs), /13/);
});

t.test('one of a thing is not many', async (t) => {
  t.equal(countInWords(1, 'member', 'members'), '1 member');
  t.equal(countInWords(0, 'member', 'members'), '0 members');
});

t.test('a file says what happens to it', async (t) => {
  const receiving = { state: 'receiving', bytesHeld: 88_000_000 } as const;
  t.equal(transferWords(file({ ...receiving })), '88.0 MB of 210 MB');
  t.equal(
    transferWords(file({ ...receiving, bytesPerSecond: 11_400_000, secondsLeft: 11 })),
    '88.0 MB of 210 MB · 11.4 MB/s · 11 s left',
  );
  t.match(transferWords(file({ state: 'waiting' })), /somebody who has it/);
  t.match(transferWords(file({ state: 'failed' })), /tried again/);
  t.match(transferWords(file({ state: 'complete' })), /checked block by block/);
});

t.test('a file of one’s own says how far it has come to others', async (t) => {
  const own = (transfer: Partial<FileEntry['transfer']>) =>
    transferWords({ ...file({ state: 'complete', ...transfer }), mine: true });
  t.match(own({}), /Waits here/);
  t.equal(own({ bytesSent: 1_000_000 }), 'Sending · 1.0 MB of 210 MB');
  t.equal(own({ bytesSent: 1, completeOn: 2 }), 'On 1 other device');
  t.equal(own({ completeOn: 4 }), 'On 3 other devices');
});

t.test('a path is only told where something moved, with what the server carried', async (t) => {
  const otter = { sources: ['Calm Otter'] };
  t.equal(pathWords(file({})), undefined);
  t.equal(pathWords(file(otter)), 'direct from Calm Otter · 0 bytes through the server');
  t.equal(
    pathWords({ ...file({ sources: ['Calm Otter', 'Brave Puffin'] }), mine: true }),
    'direct to Calm Otter, Brave Puffin · 0 bytes through the server',
  );
  t.match(pathWords(file({ ...otter, bytesThroughServer: 1_234_567 })), / · 1\.2 MB through/);
});

function file(transfer: Partial<FileEntry['transfer']>): FileEntry {
  return {
    id: 'e1',
    kind: 'file',
    author: { userId: 'a1', name: 'Calm Otter', hue: 172 },
    deviceId: 'd1',
    mine: false,
    timeMs: 0,
    heldByOthers: 0,
    name: 'harbour-film.mp4',
    size: 209_715_200,
    mediaType: 'video/mp4',
    transfer: {
      state: 'complete',
      bytesHeld: 0,
      bytesPerSecond: 0,
      sources: [],
      bytesThroughServer: 0,
      completeOn: 1,
      bytesSent: 0,
      ...transfer,
    },
  };
}
