// `rockpool replace`: a node that has joined takes the place of another, which may be dead.

import { resolve } from 'node:path';
import { type CommandContext, readArguments, type Subcommand, UsageError } from '@rockpool/cli';
import { dataDirOf } from '../config.ts';
import { askReplacement } from '../control/control-client.ts';
import { watchDeparture } from './watch-departure.ts';

export const replaceCommand: Subcommand = {
  name: 'replace',
  summary: 'lets a node that has joined take the place of another, also of a dead one',
  usage: [
    'rockpool replace OLD NEW [--data DIR]',
    '',
    '  OLD, NEW    names or ids; NEW has joined (rockpool join) and runs, OLD may run or not',
    '  --data DIR  the data directory of a node that stays and runs (else ROCKPOOL_DATA)',
  ].join('\n'),
  async run({ args, env, terminal, stopped }: CommandContext): Promise<number> {
    const { values, positionals } = readArguments(args, { data: { type: 'string' } });
    const [former, node, ...more] = positionals;
    if (former === undefined || node === undefined || more.length > 0) {
      throw new UsageError('name two nodes: the old one and the new one');
    }
    const data = values.data === undefined ? dataDirOf(env) : resolve(values.data);
    return await watchDeparture({
      data,
      terminal,
      stopped,
      ask: () => askReplacement(data, former, node),
      done: ({ name, id }) =>
        `Node ${node} stands in for node ${name} (${id}), which has left the cluster.`,
    });
  },
};
