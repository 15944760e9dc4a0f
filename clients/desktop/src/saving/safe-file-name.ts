// A name under which a file of somebody else may lie in a directory of ours. It names a file in that
// directory and nothing else, on any system the directory may travel to.

import { utf8 } from '@rockpool/protocol';

/** File systems allow 255 bytes; a number and a temporary ending still have to fit. */
const NAME_BYTES_MAX = 230;
const ENDING_CHARACTERS_MAX = 16;

const CONTROL = /[\p{Cc}\p{Cs}\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
/** Separators of paths, and what Windows keeps for itself. */
const SEPARATORS = /[/\\:*?"<>|]/g;
/** Devices of Windows, whatever their ending. */
const RESERVED = /^(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)/i;

/** Never empty, hidden, an option or a device; at most 230 bytes. */
export function safeFileName(name: string): string {
  const visible = name.normalize('NFC').replace(CONTROL, '').replace(SEPARATORS, '_');
  // A leading dot hides a file, and shells and programs read some hidden ones; `-` begins options.
  const plain = withoutEnd(visible.trim().replace(/^[.\-~\s]+/u, '_'));
  if (plain === '' || /^_+$/.test(plain)) return 'file';
  return shortened(RESERVED.test(plain) ? `_${plain}` : plain);
}

/** "film.mkv", "film (2).mkv", … */
export function numberedFileName(name: string, number: number): string {
  if (number === 1) return name;
  const { stem, ending } = parts(name);
  return `${stem} (${number})${ending}`;
}

function shortened(name: string): string {
  if (utf8(name).length <= NAME_BYTES_MAX) return name;
  const { stem, ending } = parts(name);
  const room = NAME_BYTES_MAX - utf8(ending).length;
  let cut = '';
  let bytes = 0;
  for (const character of stem) {
    bytes += utf8(character).length;
    if (bytes > room) break;
    cut += character;
  }
  return withoutEnd(cut) + ending;
}

/** Windows drops dots and spaces at the end. */
function withoutEnd(name: string): string {
  return name.replace(/[.\s]+$/u, '');
}

function parts(name: string): { readonly stem: string; readonly ending: string } {
  const ending = /(\.tar)?\.[^.\s]+$/i.exec(name)?.[0] ?? '';
  const tooLong = ending.length > ENDING_CHARACTERS_MAX || ending.length === name.length;
  return tooLong
    ? { stem: name, ending: '' }
    : { stem: name.slice(0, name.length - ending.length), ending };
}
