// One line that shows how far a file is: name, bar, bytes, rate, time left.

import { bytesInWords, secondsInWords } from '@rockpool/client-core';
import { cutTo, plainLine } from '../plain-text.ts';

const NAME_COLUMNS_MAX = 32;
const BAR_COLUMNS_MAX = 24;
const BAR_COLUMNS_MIN = 6;
/** What stands beside the bar at the most; the bar takes the rest, so that it does not tremble. */
const WORDS_COLUMNS = 60;

export interface Progress {
  readonly name: string;
  readonly size: number;
  readonly bytes: number;
  readonly bytesPerSecond: number;
}

/** Fits into so many columns wherever there is room for the name and the percentage. */
export function progressLine({ name, size, bytes, bytesPerSecond }: Progress, columns: number) {
  const part = size === 0 ? 1 : Math.min(1, bytes / size);
  const percent = `${Math.floor(part * 100)} %`.padStart(5);
  const moving = bytesPerSecond > 0 && bytes < size;
  const facts = [`${bytesInWords(bytes)} of ${bytesInWords(size)}`];
  if (moving) facts.push(`${bytesInWords(bytesPerSecond)}/s`);
  if (moving) facts.push(secondsInWords((size - bytes) / bytesPerSecond));
  const title = cutTo(plainLine(name), Math.min(NAME_COLUMNS_MAX, Math.floor(columns / 3)));
  const words = [percent, ...facts].join('  ');
  const room = Math.min(BAR_COLUMNS_MAX, columns - WORDS_COLUMNS);
  const drawn = room < BAR_COLUMNS_MIN ? '' : `${bar(part, room)}  `;
  return cutTo(`${title}  ${drawn}${words}`, columns - 1);
}

function bar(part: number, columns: number): string {
  const full = Math.floor(part * columns);
  return '█'.repeat(full) + '░'.repeat(columns - full);
}
