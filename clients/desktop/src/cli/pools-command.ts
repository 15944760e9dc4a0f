// `rockpool pools`: what --to and --from can name.

import { type CommandContext, readOptions, type Subcommand } from '@rockpool/cli';
import { shortId } from '../agent/choose-pool.ts';
import type { PoolSummary } from '../control/messages.ts';
import { columnsOf, jsonLine, plainLine } from '../plain-text.ts';
import { AGENT_OPTIONS, AGENT_OPTIONS_USAGE, withAgent } from './with-agent.ts';

const HEAD = ['pool', 'id', 'people', 'online'] as const;

export const poolsCommand: Subcommand = {
  name: 'pools',
  summary: 'lists the pools of this device: what --to and --from can name',
  usage: ['rockpool pools [--json]', '', AGENT_OPTIONS_USAGE].join('\n'),
  run(context: CommandContext): Promise<number> {
    const options = readOptions(context.args, AGENT_OPTIONS);
    const { terminal } = context;
    return withAgent(context, options, async ({ agent }) => {
      const pools = (await agent.request({ op: 'pools' })) as readonly PoolSummary[];
      if (options.json === true) {
        for (const pool of pools) terminal.out(jsonLine({ event: 'pool', ...pool }));
      } else if (pools.length === 0) {
        terminal.error('You are in no pool yet. Make one, or open an invite, in the web client.');
      } else terminal.out(poolTable(pools));
    });
  },
};

export function poolTable(pools: readonly PoolSummary[]): string {
  const rows = pools.map(({ id, name, members, online }) => {
    return [plainLine(name), shortId(id), String(members), String(online)];
  });
  const widths = HEAD.map((head, i) => {
    return Math.max(head.length, ...rows.map((row) => columnsOf(row[i] ?? '')));
  });
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => cell + ' '.repeat((widths[i] ?? 0) - columnsOf(cell))).join('  ');
  return [HEAD, ...rows].map((cells) => line(cells).trimEnd()).join('\n');
}
