// How far a backup is, in one line of the terminal that is drawn again and again; nothing where there is none.

import type { Terminal } from '@rockpool/cli';

const EVERY_MS = 100;
const KILOBYTE = 1_000;
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
    const of = totalBytes === undefined ? '' : ` of ${sizeOf(totalBytes)}`;
    this.#terminal.draw?.(`${CLEAR}${what}: ${sizeOf(bytes)}${of}`);
  }

  clear(): void {
    this.#terminal.draw?.(CLEAR);
  }
}

/** "1.8 kB", "23.4 MB". */
export function sizeOf(bytes: number): string {
  if (bytes < MEGABYTE) return `${(bytes / KILOBYTE).toFixed(1)} kB`;
  return `${(bytes / MEGABYTE).toFixed(1)} MB`;
}
