import fc from 'fast-check';
import t from 'tap';
import {
  caretInCode,
  groupCode,
  groupDigits,
  isWholeCode,
  spellCode,
  spellDigits,
} from '../src/features/devices/link-code.ts';

t.test('a code is grouped while it is typed, and only once there is a second group', async (t) => {
  const steps = ['', 'k', 'k7', 'k7q', 'k7qm', 'k7qm3', 'k7qm-3x'];
  t.same(steps.map(groupCode), ['', 'K', 'K7', 'K7Q', 'K7QM', 'K7QM-3', 'K7QM-3X']);
});

t.test('a code is taken however it was pasted', async (t) => {
  for (const pasted of [
    'K7QM-3XPA',
    ' k7qm 3xpa\n',
    'k7qm–3xpa',
    'K 7 Q M 3 X P A',
    'Ｋ７ＱＭ-3XPA',
  ]) {
    t.equal(groupCode(pasted), 'K7QM-3XPA', pasted);
  }
  t.equal(groupCode('K7QM-3XPA and more'), 'K7QM-3XPA', 'nothing after the eighth');
});

t.test('a grouped code stays as it is, and the cursor stays inside it', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 40 }), (typed, caret) => {
      const code = groupCode(typed);
      const at = caretInCode(typed, caret);
      return groupCode(code) === code && /^[A-Z0-9-]{0,9}$/.test(code) && at <= code.length;
    }),
  );
  t.pass();
});

t.test('the cursor stays behind what was typed in the middle', async (t) => {
  // K7|QM-3XPA, and an A is typed.
  t.equal(groupCode('K7AQM-3XPA'), 'K7AQ-M3XP');
  t.equal(caretInCode('K7AQM-3XPA', 3), 3);
  t.equal(caretInCode('K7QMA-3XPA', 5), 6, 'it goes over the dash with its character');
});

t.test('a code is whole with eight characters', async (t) => {
  t.ok(isWholeCode('K7QM-3XPA'));
  t.notOk(isWholeCode('K7QM-3XP'));
  t.notOk(isWholeCode(''));
});

t.test('digits are grouped to be compared, and spelt out to be heard', async (t) => {
  t.equal(groupDigits('402718'), '402 718');
  t.equal(spellDigits('402718'), '4 0 2, 7 1 8');
  t.equal(spellCode('K7QM-3XPA'), 'K 7 Q M, 3 X P A');
});
