// `rockpool say`: writes a message into a pool.

import { type CommandContext, readArguments, type Subcommand, UsageError } from '@rockpool/cli';
import { countInWords } from '@rockpool/client-core';
import { MESSAGE_TEXT_BYTES_MAX } from '@rockpool/protocol';
import { AgentError } from '../agent-errors.ts';
import { jsonLine, plainLine } from '../plain-text.ts';
import { AGENT_OPTIONS, AGENT_OPTIONS_USAGE, poolOf, withAgent } from './with-agent.ts';

export const sayCommand: Subcommand = {
  name: 'say',
  summary: 'writes a message into a pool',
  usage: [
    'rockpool say TEXT --to POOL',
    'rockpool say - --to POOL < FILE',
    '',
    '  TEXT               several words need no quotes; `-` reads the text from standard input',
    '  --to POOL          a name, or the beginning of a name or id (see rockpool pools)',
    AGENT_OPTIONS_USAGE,
  ].join('\n'),
  run(context: CommandContext): Promise<number> {
    const { values: options, positionals } = readArguments(context.args, {
      ...AGENT_OPTIONS,
      to: { type: 'string' },
    });
    const { terminal } = context;
    const { to } = options;
    if (to === undefined) throw new UsageError('say --to POOL');
    if (positionals.length === 0) throw new UsageError('say what: a text, or - for the input');
    return withAgent(context, options, async ({ agent }) => {
      const pool = await poolOf(agent, to);
      const given = positionals.join(' ');
      const text = given === '-' ? await readText(terminal.input) : given;
      if (Buffer.byteLength(text) > MESSAGE_TEXT_BYTES_MAX) throw new AgentError('TEXT_TOO_LONG');
      const said = (await agent.request({ op: 'say', pool: pool.id, text })) as {
        entryId?: string;
      };
      if (said.entryId === undefined) throw new AgentError('TEXT_EMPTY');
      const { id, name, devices } = pool;
      terminal.error(plainLine(saidWords(name, devices)));
      if (options.json === true) {
        const event = { event: 'said', pool: { id, name }, entry: said.entryId, devices };
        terminal.out(jsonLine(event));
      }
    });
  },
};

function saidWords(pool: string, devices: number): string {
  if (devices > 0) {
    return `Said in ${pool}; ${countInWords(devices, 'other device is', 'other devices are')} online.`;
  }
  return `Said in ${pool}. No other device is online: the agent passes it on once one comes.`;
}

async function readText(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MESSAGE_TEXT_BYTES_MAX) throw new AgentError('TEXT_TOO_LONG');
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
