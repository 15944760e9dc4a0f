// `rockpool remove`: a node leaves its cluster, running or not.

import { resolve } from 'node:path';
import { type CommandContext, readArguments, type Subcommand, UsageError } from '@rockpool/cli';
import { dataDirOf } from '../config.ts';
import { askRemoval } from '../control/control-client.ts';
import { watchDeparture } from './watch-departure.ts';

export const removeCommand: Subcommand = {
  name: 'remove',
  summary: 'lets a node leave the cluster for good',
  usage: [
    'rockpool remove NODE [--data DIR]',
    '',
    '  NODE        its name or id; it may run or not',
    '  --data DIR  the data directory of another node, which runs (else ROCKPOOL_DATA)',
  ].join('\n'),
  async run({ args, env, terminal, stopped }: CommandContext): Promise<number> {
    const { values, positionals } = readArguments(args, { data: { type: 'string' } });
    const [node, ...more] = positionals;
    if (node === undefined || more.length > 0) throw new UsageError('name one node');
    const data = values.data === undefined ? dataDirOf(env) : resolve(values.data);
    return await watchDeparture({
      data,
      terminal,
      stopped,
      ask: () => askRemoval(data, node),
      done: ({ name, id }) =>
        `Node ${name} (${id}) has left the cluster. Its data is of no use any more.`,
    });
  },
};
