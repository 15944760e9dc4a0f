// Text as people type or paste it, made into what a record may hold: Unicode NFC, without control
// characters and without those that reorder or hide text.

import { utf8 } from '@rockpool/protocol';

const HIDDEN = /[\p{Cc}\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;
const HIDDEN_BUT_LINES = /(?!\n)[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** Several lines; tabs become spaces. */
export function cleanLines(text: string): string {
  const plain = text.replace(/\r\n?/g, '\n').replaceAll('\t', '    ');
  return plain.replace(HIDDEN_BUT_LINES, '').normalize('NFC').trim();
}

/** One line of at most so many bytes of UTF-8, cut between characters. */
export function cleanLine(text: string, bytesMax: number): string {
  const words = text.replace(/\s+/g, ' ').replace(HIDDEN, '').replace(/ +/g, ' ');
  const plain = words.normalize('NFC').trim();
  if (utf8(plain).length <= bytesMax) return plain;
  let cut = '';
  let bytes = 0;
  for (const character of plain) {
    bytes += utf8(character).length;
    if (bytes > bytesMax) break;
    cut += character;
  }
  return cut.trim();
}

/** A file's name, cut in the middle so that its ending stays. */
export function cleanFileName(name: string, bytesMax: number): string {
  const plain = cleanLine(name, Number.MAX_SAFE_INTEGER) || 'file';
  if (utf8(plain).length <= bytesMax) return plain;
  const dot = plain.lastIndexOf('.');
  const ending = dot > 0 && plain.length - dot <= 16 ? plain.slice(dot) : '';
  return (
    cleanLine(plain.slice(0, plain.length - ending.length), bytesMax - utf8(ending).length) + ending
  );
}
