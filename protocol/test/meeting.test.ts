import fc from 'fast-check';
import t from 'tap';
import {
  codeCharOfNode,
  formatMeetingCode,
  MEETING_CODE_CHARS,
  meetingCode,
  meetingDigits,
  readMeetingCode,
} from '../src/index.ts';
import { createTestDevice } from '../testing/index.ts';
import { bytesOf } from './arbitraries.ts';
import { holdsForAll } from './holds-for-all.ts';

t.test('[MEET-8] a code begins with its node, and is read as people write it', (t) => {
  holdsForAll(
    t,
    fc.property(bytesOf(16), bytesOf(7), (node, random) => {
      const code = meetingCode(node, random);
      const shown = formatMeetingCode(code);
      return (
        code.length === MEETING_CODE_CHARS &&
        code.startsWith(codeCharOfNode(node)) &&
        [code, shown, shown.toLowerCase(), ` ${shown.replace('-', ' ')} `].every(
          (typed) => readMeetingCode(typed) === code,
        )
      );
    }),
  );
  t.equal(codeCharOfNode(Uint8Array.of(255)), 'Z');
  t.equal(codeCharOfNode(Uint8Array.of(32)), '0');
  t.equal(readMeetingCode('iLo0-1234'), '11001234');
  for (const typed of ['', '1234-567', '1234-56789', '1234-567U', '1234-567é', '🙂234-5678']) {
    t.equal(readMeetingCode(typed), undefined, typed);
  }
  t.end();
});

t.test('[MEET-4] the digits depend on everything that was said', (t) => {
  const fill = (byte: number) => new Uint8Array(32).fill(byte);
  const device = { ...createTestDevice().keys };
  const introduction = {
    user: [1, fill(2)] as const,
    head: [0, fill(2)] as const,
    device: fill(3),
    nonce: fill(4),
  };
  const begun = { realm: fill(1), commit: fill(5), introduction };
  const announcement = { device, nonce: fill(6) };
  const digits = meetingDigits(begun, announcement);
  t.match(digits, /^\d{6}$/);
  const others = [
    meetingDigits({ ...begun, realm: fill(9) }, announcement),
    meetingDigits({ ...begun, commit: fill(9) }, announcement),
    ...Object.entries({
      user: [1, fill(9)],
      head: [1, fill(2)],
      device: fill(9),
      nonce: fill(9),
    }).map(([field, value]) =>
      meetingDigits({ ...begun, introduction: { ...introduction, [field]: value } }, announcement),
    ),
    meetingDigits(begun, { ...announcement, nonce: fill(9) }),
    meetingDigits(begun, { ...announcement, device: { ...device, kind: 'anchor' } }),
    meetingDigits(begun, { ...announcement, device: { ...device, ecdh: device.sign } }),
  ];
  for (const other of others) t.not(other, digits);
  t.end();
});
