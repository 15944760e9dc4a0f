// `rockpool send`: offers files in a pool, and waits until another device holds all of each.

import { type CommandContext, readArguments, type Subcommand, UsageError } from '@rockpool/cli';
import { bytesInWords, countInWords } from '@rockpool/client-core';
import { FILE_BYTES_MAX } from '@rockpool/protocol';
import { AgentError } from '../agent-errors.ts';
import { type AgentProgress, DELIVERIES_MAX, type PoolSummary } from '../control/messages.ts';
import { jsonLine, plainLine } from '../plain-text.ts';
import { type FileToSend, openFileToSend } from './file-to-send.ts';
import { LiveLine } from './live-line.ts';
import { mediaTypeOf } from './media-type.ts';
import { progressLine } from './progress-line.ts';
import {
  AGENT_OPTIONS,
  AGENT_OPTIONS_USAGE,
  type AgentTask,
  poolOf,
  withAgent,
} from './with-agent.ts';

export const sendCommand: Subcommand = {
  name: 'send',
  summary: 'offers files in a pool and waits until somebody has them',
  usage: [
    'rockpool send FILE… --to POOL [--no-wait]',
    '',
    '  --to POOL          a name, or the beginning of a name or id (see rockpool pools)',
    '  --no-wait          end once the agent has the files; it hands them over by itself',
    AGENT_OPTIONS_USAGE,
  ].join('\n'),
  run(context: CommandContext): Promise<number> {
    const { values: options, positionals } = readArguments(context.args, {
      ...AGENT_OPTIONS,
      to: { type: 'string' },
      'no-wait': { type: 'boolean' },
    });
    const { to } = options;
    if (to === undefined) throw new UsageError('say --to POOL');
    if (positionals.length === 0) throw new UsageError('say which files');
    if (positionals.length > DELIVERIES_MAX) {
      throw new UsageError(`at most ${DELIVERIES_MAX} files at once`);
    }
    return withAgent(context, options, async (task) => {
      const pool = await poolOf(task.agent, to);
      const sending = new Sending(context, task, pool, options.json === true);
      // All are looked at first: half of what was meant is worse than none of it.
      for (const path of positionals) await (await openFileToSend(path)).close();
      try {
        for (const path of positionals) await sending.offer(path);
        if (options['no-wait'] !== true) await sending.deliver();
      } finally {
        sending.close(task.over.aborted);
      }
    });
  },
};

interface Offer {
  readonly path: string;
  readonly name: string;
  readonly size: number;
  delivered: boolean;
}

class Sending {
  readonly #terminal: CommandContext['terminal'];
  readonly #line: LiveLine;
  readonly #agent: AgentTask['agent'];
  readonly #pool: PoolSummary;
  readonly #json: boolean;
  /** By entry. */
  readonly #offers = new Map<string, Offer>();
  #toldAlone = false;

  constructor(context: CommandContext, { agent }: AgentTask, pool: PoolSummary, json: boolean) {
    this.#terminal = context.terminal;
    this.#line = new LiveLine(context.terminal);
    this.#agent = agent;
    this.#pool = pool;
    this.#json = json;
  }

  close(cutShort: boolean): void {
    this.#line.hide();
    if (!cutShort || [...this.#offers.values()].every(({ delivered }) => delivered)) return;
    this.#terminal.error('What is offered stays so: the agent hands it over without this command.');
  }

  async offer(path: string): Promise<void> {
    const file = await openFileToSend(path);
    try {
      if (file.size > FILE_BYTES_MAX)
        throw new AgentError('SEND_UNREADABLE', `${path} is too large.`);
      const offered = (await this.#agent.request(
        {
          op: 'offer',
          pool: this.#pool.id,
          name: file.name,
          size: file.size,
          mediaType: mediaTypeOf(file.name),
        },
        { read: (offset, length) => this.#read(file, offset, length) },
      )) as { entryId: string };
      const { name, size } = file;
      this.#offers.set(offered.entryId, { path, name, size, delivered: false });
      this.#line.hide();
      this.#tell('offered', path, { entry: offered.entryId, size });
      const words = `${name} is offered in ${this.#pool.name} (${bytesInWords(size)}).`;
      this.#terminal.error(plainLine(words));
    } finally {
      await file.close();
    }
  }

  #read(file: FileToSend, offset: number, length: number) {
    const { name, size } = file;
    const line = progressLine({ name, size, bytes: offset, bytesPerSecond: 0 }, this.#line.columns);
    this.#line.show(`reading ${line}`);
    return file.read(offset, length);
  }

  async deliver(): Promise<void> {
    const entries = [...this.#offers.keys()];
    await this.#agent.request(
      { op: 'delivery', pool: this.#pool.id, entries },
      { onEvent: (progress) => this.#progress(progress) },
    );
  }

  #progress(progress: AgentProgress): void {
    const offer = this.#offers.get(progress.entry);
    if (offer === undefined || offer.delivered) return;
    const pool = this.#pool.name;
    if (progress.devices > 0) {
      offer.delivered = true;
      const devices = countInWords(progress.devices, 'other device', 'other devices');
      this.#line.hide();
      this.#tell('delivered', offer.path, { entry: progress.entry, devices: progress.devices });
      this.#terminal.error(plainLine(`${offer.name} is on ${devices} in ${pool}.`));
    } else if (progress.online === 0 && progress.bytes === 0) {
      this.#line.show(`Waiting for another device in ${plainLine(pool)}`);
      if (this.#toldAlone) return;
      this.#toldAlone = true;
      this.#line.tell(
        plainLine(
          `No other device in ${pool} is online. The agent hands it over once one comes: Ctrl-C ends only this waiting.`,
        ),
      );
    } else this.#line.show(progressLine(progress, this.#line.columns));
  }

  #tell(event: string, file: string, facts: object): void {
    const { id, name } = this.#pool;
    if (this.#json) this.#terminal.out(jsonLine({ event, file, pool: { id, name }, ...facts }));
  }
}
