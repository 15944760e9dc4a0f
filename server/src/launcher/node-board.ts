// One live line per node: redrawn in place on a terminal, printed when something changed elsewhere.

import type { NodeStatus } from '../control/control-messages.ts';

export interface NodeLine {
  readonly name: string;
  readonly pid: number | undefined;
  readonly lastEnd: string | undefined;
  /** Undefined while the node does not answer. */
  readonly status: NodeStatus | undefined;
}

export function renderNodeLine({ name, pid, lastEnd, status }: NodeLine): string {
  if (pid === undefined) {
    return `node ${name}  stopped (${lastEnd ?? 'not started'}), is started again in a moment`;
  }
  const head = `node ${name}  pid ${pid}`;
  if (status === undefined) return `${head}  starting`;
  const { groups } = status.cluster;
  const leads = groups.filter(({ role }) => role === 'leader').length;
  const sockets = status.sockets.anonymous + status.sockets.device;
  const state = status.ready ? '' : '  waiting for the others';
  const plural = sockets === 1 ? '' : 's';
  return `${head}  leads ${leads} of ${groups.length} groups  ${sockets} socket${plural}${state}`;
}

export interface BoardOutput {
  readonly isTTY: boolean;
  /** Width of the terminal: a wrapped line could not be redrawn in place. */
  readonly columns?: number | undefined;
  write(text: string): void;
}

export class NodeBoard {
  readonly #output: BoardOutput;
  #shown: readonly string[] = [];

  constructor(output: BoardOutput) {
    this.#output = output;
  }

  /** Words above the live lines. */
  say(text: string): void {
    const lines = this.#shown;
    this.#erase();
    this.#output.write(`${text}\n`);
    if (this.#output.isTTY) this.#draw(lines);
  }

  show(lines: readonly string[]): void {
    if (this.#output.isTTY) {
      if (lines.join('\n') === this.#shown.join('\n')) return;
      this.#erase();
      this.#draw(lines);
      return;
    }
    for (const [i, line] of lines.entries()) {
      if (line !== this.#shown[i]) this.#output.write(`${line}\n`);
    }
    this.#shown = lines;
  }

  #draw(lines: readonly string[]): void {
    const width = this.#output.columns || Number.POSITIVE_INFINITY; // 0: a terminal of unknown size
    for (const line of lines) this.#output.write(`${line.slice(0, width)}\n`);
    this.#shown = lines;
  }

  // Up by as many lines as are shown, then clear to the end of the screen (ECMA-48 CUU and ED).
  #erase(): void {
    if (this.#output.isTTY && this.#shown.length > 0) {
      this.#output.write(`\u001b[${this.#shown.length}A\u001b[0J`);
    }
  }
}
