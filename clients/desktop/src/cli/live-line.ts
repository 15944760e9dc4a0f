// The last line of a terminal, drawn again and again, with other lines above it. Where standard error
// is no terminal there is none.

import type { Terminal } from '@rockpool/cli';
import { cutTo } from '../plain-text.ts';

const CLEAR = '\r\x1b[K';

export class LiveLine {
  readonly #terminal: Terminal;
  #shown = '';

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  /** There is a terminal to draw on. */
  get alive(): boolean {
    return this.#terminal.draw !== undefined;
  }

  get columns(): number {
    return this.#terminal.columns();
  }

  show(text: string): void {
    const fitting = cutTo(text, Math.max(10, this.columns - 1));
    if (fitting === this.#shown) return;
    this.#shown = fitting;
    this.#terminal.draw?.(`${CLEAR}${fitting}`);
  }

  hide(): void {
    if (this.#shown !== '') this.#terminal.draw?.(CLEAR);
    this.#shown = '';
  }

  /** The person has ended it with Enter: it stays where it is. */
  forget(): void {
    this.#shown = '';
  }

  /** A line of results, above. */
  out(text: string): void {
    this.#above(() => this.#terminal.out(text));
  }

  /** A line for the person, above. */
  tell(text: string): void {
    this.#above(() => this.#terminal.error(text));
  }

  #above(print: () => void): void {
    const shown = this.#shown;
    this.hide();
    print();
    if (shown !== '') this.show(shown);
  }
}
