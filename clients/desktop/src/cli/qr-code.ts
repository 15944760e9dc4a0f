// A QR code in a terminal: two rows in each line, black on white whatever the colours of the terminal.

import { encode } from 'uqr';

/** Colours of the fixed part of the palette, which themes leave alone. */
const BLACK_ON_WHITE = '\x1b[38;5;16;48;5;231m';
const RESET = '\x1b[0m';
/** Scanners want four light modules around; two are enough on a white ground. */
const BORDER = 2;

export interface TerminalQrCode {
  readonly lines: readonly string[];
  readonly columns: number;
}

export function qrCode(text: string): TerminalQrCode {
  const { data, size } = encode(text, { ecc: 'L', border: BORDER });
  const lines: string[] = [];
  for (let row = 0; row < size; row += 2) {
    let line = '';
    for (let column = 0; column < size; column++) {
      const upper = data[row]?.[column] === true;
      const lower = data[row + 1]?.[column] === true;
      line += upper ? (lower ? '█' : '▀') : lower ? '▄' : ' ';
    }
    lines.push(`${BLACK_ON_WHITE}${line}${RESET}`);
  }
  return { lines, columns: size };
}
