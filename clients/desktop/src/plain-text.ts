// Text of other people on its way to a terminal. What a terminal would obey, and what hides or
// reorders text, is never written as it is.

const CONTROL = /[\p{Cc}\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
/** JSON.stringify leaves these as they are; a terminal may obey some of them. */
const NOT_ESCAPED =
  /[\u007f-\u009f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
const REPLACEMENT = '\ufffd';
const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;

/** One line. */
export function plainLine(text: string): string {
  return text.replace(/\s+/gu, ' ').replace(CONTROL, REPLACEMENT);
}

/** Several lines; those after the first begin with `indent`, so that none looks like another message. */
export function plainLines(text: string, indent: string): string {
  return text
    .split(/\r\n|[\n\r\u0085\u2028\u2029]/u)
    .map(plainLine)
    .join(`\n${indent}`);
}

/** One line of JSON that may be shown on a terminal. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(NOT_ESCAPED, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** Columns that plain text takes on a terminal, near enough to cut lines by. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) {
    if (/\p{M}/u.test(character)) continue;
    columns += WIDE.test(character) ? 2 : 1;
  }
  return columns;
}

/** As much of the text as fits, with a sign where something is missing. */
export function cutTo(text: string, columnsMax: number): string {
  if (columnsOf(text) <= columnsMax) return text;
  let cut = '';
  for (const character of text) {
    if (columnsOf(cut + character) > columnsMax - 1) break;
    cut += character;
  }
  return `${cut}…`;
}
