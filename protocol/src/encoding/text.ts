// Which text may travel: Unicode NFC without characters that hide or reorder what a person reads.
// Decoders refuse other text; whoever takes text from a person or a file system cleans it first.

const FORBIDDEN_IN_LINE = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;
/** Running text may break lines, hold tabs, and carry the marks that right-to-left writing needs. */
const FORBIDDEN_IN_LINES = /(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

export type TextRule = 'line' | 'lines';

/** Undefined if the text may travel, else what is wrong with it. */
export function wrongText(text: string, rule: TextRule): string | undefined {
  if (text.search(forbidden(rule)) >= 0) return 'holds a control or bidirectional character';
  return text.normalize('NFC') === text ? undefined : 'is not in Unicode NFC';
}

/** One line (a name) that wrongText accepts: NFC, white space collapsed, hidden characters gone. */
export function toCleanLine(text: string): string {
  const shown = collapse(text.toWellFormed()).replace(forbidden('line'), '');
  // Spaces may stand side by side once what was hidden between them is gone.
  return collapse(shown.normalize('NFC')).trim();
}

function collapse(text: string): string {
  return text.replace(/\s+/gu, ' ');
}

/** Running text (a message) that wrongText accepts: NFC, lines end in "\n", controls gone. */
export function toCleanLines(text: string): string {
  const unixLines = text.toWellFormed().replace(/\r\n?/g, '\n');
  return unixLines.replace(forbidden('lines'), '').normalize('NFC');
}

function forbidden(rule: TextRule): RegExp {
  return rule === 'line' ? FORBIDDEN_IN_LINE : FORBIDDEN_IN_LINES;
}
