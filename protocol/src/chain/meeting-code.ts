// The code that a new device shows and a person types: eight characters of Crockford's base 32, which
// leaves out I, L, O and U because people read them as 1, 1, 0 and V. The first one leads to the
// node where the device waits; seven random ones (35 bits) are tried five times at most.

import type { Bytes } from '../encoding/bytes.ts';
import { MEETING_CODE_CHARS } from '../limits.ts';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const READ_AS: Readonly<Record<string, string>> = { I: '1', L: '1', O: '0' };
/** What people put between groups. */
const SEPARATORS = /[\s\-\u2010-\u2015._]/g;
const GROUP = MEETING_CODE_CHARS / 2;

/** The first character of every code of this node. Nodes may share one. */
export function codeCharOfNode(nodeId: Bytes): string {
  return charOf(nodeId[0] ?? 0);
}

/** A code from one random byte for each character after the first; five bits of each count. */
export function meetingCode(nodeId: Bytes, random: Bytes): string {
  return (
    codeCharOfNode(nodeId) + [...random.subarray(0, MEETING_CODE_CHARS - 1)].map(charOf).join('')
  );
}

/** As people read it: `K7QM-3XPA`. */
export function formatMeetingCode(code: string): string {
  return `${code.slice(0, GROUP)}-${code.slice(GROUP)}`;
}

/** What a person typed, as a code; undefined where it cannot be one. */
export function readMeetingCode(typed: string): string | undefined {
  const characters = typed.replace(SEPARATORS, '').toUpperCase().split('');
  const code = characters.map((character) => READ_AS[character] ?? character).join('');
  const fits = code.length === MEETING_CODE_CHARS && [...code].every((c) => ALPHABET.includes(c));
  return fits ? code : undefined;
}

function charOf(byte: number): string {
  return ALPHABET.charAt(byte & 31);
}
