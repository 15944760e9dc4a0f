// Histories whose verdict a person can tell: op(kind, from, to, found), `to` undefined where no answer came.
import t from 'tap';
import { checkHistory } from '../../testing/linearizability/check-history.ts';
import type { Call, Operation, Value } from '../../testing/linearizability/operation.ts';

const put = (value: string): Call => ({ kind: 'put', value });
const swap = (expected: Value, value: string): Call => ({ kind: 'swap', expected, value });
const READ: Call = { kind: 'read' };

function op(call: Call, invokedAt: number, returnedAt?: number, found?: Value): Operation {
  const outcome = returnedAt === undefined ? undefined : { returnedAt, found };
  return { key: 'k', call, invokedAt, outcome };
}

const GOOD: Readonly<Record<string, readonly Operation[]>> = {
  'nothing at all': [],
  'a read of what was never written': [op(READ, 1, 2)],
  'one after the other': [op(put('a'), 1, 2), op(READ, 3, 4, 'a'), op(put('b'), 5, 6)],
  'a read that overlaps a write sees it or not': [
    op(put('a'), 1, 10),
    op(READ, 2, 3),
    op(READ, 4, 5, 'a'),
  ],
  'two writes at once, in either order': [
    op(put('a'), 1, 10),
    op(put('b'), 2, 9),
    op(READ, 11, 12, 'a'),
  ],
  'an unknown write that takes effect long after': [
    op(put('a'), 1),
    op(put('b'), 2, 3),
    op(READ, 4, 5, 'b'),
    op(READ, 6, 7, 'a'),
  ],
  'an unknown swap that nobody saw': [
    op(put('a'), 1, 2),
    op(swap('a', 'b'), 3),
    op(READ, 4, 5, 'a'),
  ],
  'an unknown swap that somebody saw': [
    op(put('a'), 1, 2),
    op(swap('a', 'b'), 3),
    op(READ, 4, 5, 'a'),
    op(READ, 6, 7, 'b'),
  ],
  'a swap that finds another value changes nothing': [
    op(put('a'), 1, 2),
    op(swap('b', 'c'), 3, 4, 'a'),
    op(READ, 5, 6, 'a'),
  ],
  'an answer and a call at the same moment overlap': [op(put('a'), 1, 2), op(READ, 2, 3)],
};

const BAD: Readonly<Record<string, readonly Operation[]>> = {
  'a stale read': [op(put('a'), 1, 2), op(put('b'), 3, 4), op(READ, 5, 6, 'a')],
  'a lost write': [op(put('a'), 1, 2), op(READ, 3, 4)],
  'a value that nobody wrote': [op(put('a'), 1, 2), op(READ, 3, 4, 'c')],
  'a read that goes back': [op(put('a'), 1, 10), op(READ, 2, 3, 'a'), op(READ, 4, 5)],
  'a write that is applied twice': [
    op(put('a'), 1, 2),
    op(put('b'), 3, 4),
    op(READ, 5, 6, 'b'),
    op(READ, 7, 8, 'a'),
  ],
  'an unknown write that is applied twice': [
    op(put('a'), 1),
    op(READ, 2, 3, 'a'),
    op(put('b'), 4, 5),
    op(READ, 6, 7, 'b'),
    op(READ, 8, 9, 'a'),
  ],
  'two swaps that found the same': [
    op(put('a'), 1, 2),
    op(swap('a', 'b'), 3, 10, 'a'),
    op(swap('a', 'c'), 4, 9, 'a'),
  ],
  'an unknown write seen before it was called': [op(READ, 1, 2, 'a'), op(put('a'), 3)],
};

for (const [name, history] of Object.entries(GOOD)) {
  t.test(`linearizable: ${name}`, async (t) => {
    t.same(checkHistory(history), { verdict: 'linearizable' });
  });
}

for (const [name, history] of Object.entries(BAD)) {
  t.test(`not linearizable: ${name}`, async (t) => {
    t.match(checkHistory(history), { verdict: 'violated', key: 'k' });
  });
}

t.test('keys are judged one by one', async (t) => {
  const good = [op(put('a'), 1, 2), op(READ, 3, 4, 'a')];
  const other = [op(READ, 3, 4, 'a')].map((operation) => ({ ...operation, key: 'other' }));
  t.match(checkHistory([...good, ...other]), { verdict: 'violated', key: 'other' });
});

t.test('what takes more steps than allowed is undecided, never approved', async (t) => {
  const history = [op(put('a'), 1, 2), op(READ, 3, 4)];
  t.same(checkHistory(history, { stepsMax: 1 }), { verdict: 'undecided', key: 'k' });
  const sound = [op(READ, 1, 2)].map((operation) => ({ ...operation, key: 'other' }));
  const bad = [op(READ, 3, 4, 'x')].map((operation) => ({ ...operation, key: 'third' }));
  t.match(
    checkHistory([...history, ...sound, ...bad], { stepsMax: 3 }),
    { verdict: 'violated', key: 'third' },
    'a violation elsewhere is told all the same',
  );
});

t.test('what easy keys leave of the steps is for those that need more', async (t) => {
  const busy = ['a', 'b', 'c'].map((value) => op(put(value), 1, 5));
  const easy = Array.from({ length: 20 }, (_, at) => ({ ...op(READ, 1, 2), key: `easy ${at}` }));
  const history = [...busy, op(READ, 6, 7, 'b'), ...easy];
  t.same(checkHistory(history, { stepsMax: 100 }), { verdict: 'linearizable' });
  t.same(checkHistory(history, { stepsMax: 21 }), { verdict: 'undecided', key: 'k' });
});
