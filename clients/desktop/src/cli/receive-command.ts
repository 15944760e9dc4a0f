// `rockpool receive`: saves files that others offer, each once.

import { type CommandContext, readOptions, type Subcommand } from '@rockpool/cli';
import { bytesInWords } from '@rockpool/client-core';
import type { Bytes } from '@rockpool/protocol';
import type { ReadyFile } from '../control/messages.ts';
import { jsonLine, plainLine } from '../plain-text.ts';
import { saveFile } from '../saving/save-file.ts';
import { LiveLine } from './live-line.ts';
import { progressLine } from './progress-line.ts';
import {
  AGENT_OPTIONS,
  AGENT_OPTIONS_USAGE,
  type AgentTask,
  poolOf,
  withAgent,
} from './with-agent.ts';

/** A file that is there is saved before anybody has to be told of waiting. */
const TELL_WAITING_AFTER_MS = 300;

export const receiveCommand: Subcommand = {
  name: 'receive',
  summary: 'saves the files that others offer, each once',
  usage: [
    'rockpool receive [--into DIR] [--from POOL] [--follow]',
    '',
    '  Saves every file that no such command has saved yet; where there is none, waits for the next.',
    '  --into DIR         where to save them, made if it is not there; else the current directory',
    '  --from POOL        only those of this pool (see rockpool pools)',
    '  --follow           go on with the next ones until interrupted',
    AGENT_OPTIONS_USAGE,
  ].join('\n'),
  run(context: CommandContext): Promise<number> {
    const options = readOptions(context.args, {
      ...AGENT_OPTIONS,
      into: { type: 'string', default: '.' },
      from: { type: 'string' },
      follow: { type: 'boolean' },
    });
    const line = new LiveLine(context.terminal);
    return withAgent(context, options, async (task) => {
      const { from, into, json, follow } = options;
      const pool = from === undefined ? undefined : await poolOf(task.agent, from);
      const receiving = new Receiving(task, line, into, json === true);
      try {
        let wait = true;
        for (;;) {
          const file = await receiving.next(pool?.id, wait);
          if (file === null) return;
          await receiving.save(file);
          wait = follow === true;
        }
      } finally {
        line.hide();
      }
    });
  },
};

class Receiving {
  readonly #task: AgentTask;
  readonly #line: LiveLine;
  readonly #directory: string;
  readonly #json: boolean;
  #toldWaiting = false;

  constructor(task: AgentTask, line: LiveLine, directory: string, json: boolean) {
    this.#task = task;
    this.#line = line;
    this.#directory = directory;
    this.#json = json;
  }

  async next(pool: string | undefined, wait: boolean): Promise<ReadyFile | null> {
    const { agent } = this.#task;
    const waiting = setTimeout(() => this.#tellWaiting(), TELL_WAITING_AFTER_MS);
    try {
      const file = await agent.request(
        { op: 'next', wait, ...(pool === undefined ? {} : { pool }) },
        { onEvent: (progress) => this.#line.show(progressLine(progress, this.#line.columns)) },
      );
      return file as ReadyFile | null;
    } finally {
      clearTimeout(waiting);
    }
  }

  async save(file: ReadyFile): Promise<void> {
    const { pool, entry, name, size, from } = file;
    const { agent, over } = this.#task;
    const read = async (offset: number, length: number) =>
      (await agent.request({ op: 'slice', pool: pool.id, entry, offset, length })) as Bytes;
    const show = (bytes: number) => {
      const line = progressLine({ name, size, bytes, bytesPerSecond: 0 }, this.#line.columns);
      this.#line.show(`saving ${line}`);
    };
    const path = await saveFile(
      { name, size, read },
      { directory: this.#directory, over, onBytes: show },
    );
    await agent.request({ op: 'saved', pool: pool.id, entry });
    this.#line.hide();
    this.#line.tell(plainLine(`${name} (${bytesInWords(size)}) from ${from} in ${pool.name}`));
    this.#line.out(
      this.#json ? jsonLine({ event: 'saved', path, name, size, from, pool, entry }) : path,
    );
  }

  #tellWaiting(): void {
    if (this.#toldWaiting) return;
    this.#toldWaiting = true;
    if (this.#line.alive) this.#line.show('Waiting for a file (Ctrl-C ends)');
    else this.#line.tell('Waiting for a file.');
  }
}
