// `rockpool invite --first-admin`: a one-time link for the first administrator. The link is a
// secret: it goes to a terminal, or where --print sends it, and never into a log.

import { resolve } from 'node:path';
import { type CommandContext, readOptions, type Subcommand, UsageError } from '@rockpool/cli';
import { dataDirOf } from '../config.ts';
import { askFirstAdminInvite, ControlError } from '../control/control-client.ts';
import { operatorWords } from '../operator-errors.ts';

export const inviteCommand: Subcommand = {
  name: 'invite',
  summary: 'makes a one-time link for the first administrator',
  usage: [
    'rockpool invite --first-admin [--data DIR] [--print]',
    '',
    '  --data DIR  the data directory of a running node (else ROCKPOOL_DATA)',
    '  --print     write the link even where no terminal is (it is a secret)',
  ].join('\n'),
  async run({ args, env, terminal }: CommandContext): Promise<number> {
    const options = readOptions(args, {
      'first-admin': { type: 'boolean' },
      data: { type: 'string' },
      print: { type: 'boolean' },
    });
    if (options['first-admin'] !== true) throw new UsageError('say --first-admin');
    if (!terminal.interactive && options.print !== true) {
      const words = 'The link is a secret, and this is no terminal. Add --print to write it.';
      terminal.error(operatorWords('CLI_NO_TERMINAL', words));
      return 1;
    }
    const data = options.data === undefined ? dataDirOf(env) : resolve(options.data);
    try {
      const { link, expiresAtMs } = await askFirstAdminInvite(data);
      terminal.out(link);
      const minutes = Math.round((expiresAtMs - Date.now()) / 60_000);
      terminal.error(`One use, ${minutes} minutes; it replaces any link made before.`);
      return 0;
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      terminal.error(error.message);
      return 1;
    }
  },
};
