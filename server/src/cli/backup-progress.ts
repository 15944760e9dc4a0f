// How far a backup is, in one line of the terminal that is drawn again and again; nothing where there is none.

import type { Terminal } from '@rockpool/cli';

const EVERY_MS = 100;
const MEGABYTE = 1_000_000;
const CLEAR = '\r\x1b[K';

export class BackupProgress {
  readonly #terminal: Terminal;
  #drawnMs = Number.NEGATIVE_INFINITY;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(what: string, bytes: number, totalBytes?: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#drawnMs < EVERY_MS) return;
    this.#drawnMs = nowMs;
    const of = totalBytes === undefined ? '' : ` of ${inMegabytes(totalBytes)}`;
    this.#terminal.draw?.(`${CLEAR}${what}: ${inMegabytes(bytes)}${of}`);
  }

  clear(): void {
    this.#terminal.draw?.(CLEAR);
  }
}

export function inMegabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(1)} MB`;
}
