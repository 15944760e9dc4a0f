// `rockpool grace`: the time after a restore or recovery in which devices bring back what the cluster lacks.

import { resolve } from 'node:path';
import { type CommandContext, readOptions, type Subcommand } from '@rockpool/cli';
import { dataDirOf } from '../config.ts';
import { askGraceEnd, askStatus, ControlError } from '../control/control-client.ts';
import { graceLines } from './grace-words.ts';

export const graceCommand: Subcommand = {
  name: 'grace',
  summary: 'shows or ends the time after a restore in which lost changes are taken back',
  usage: [
    'rockpool grace [--end] [--data DIR]',
    '',
    '  --end       ends it now: whatever is not brought back yet is lost',
    '  --data DIR  the data directory of a running node (else ROCKPOOL_DATA)',
  ].join('\n'),
  async run({ args, env, terminal }: CommandContext): Promise<number> {
    const options = readOptions(args, { end: { type: 'boolean' }, data: { type: 'string' } });
    const data = options.data === undefined ? dataDirOf(env) : resolve(options.data);
    try {
      if (options.end === true) {
        await askGraceEnd(data);
        terminal.out('The grace is over: chains go on as soon as their branches are chosen.');
        return 0;
      }
      const { grace } = await askStatus(data);
      const lines = grace === undefined ? [] : graceLines(grace, Date.now());
      terminal.out(lines.length === 0 ? 'No grace: changes are taken as ever.' : lines.join('\n'));
      return 0;
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      terminal.error(error.message);
      return 1;
    }
  },
};
