// `rockpool token`: lets one new machine join the cluster. The token is a secret: it goes to a terminal, or where --print
// sends it, and never into a log.

import { resolve } from 'node:path';
import { type CommandContext, readOptions, type Subcommand } from '@rockpool/cli';
import { dataDirOf } from '../config.ts';
import { askToken, ControlError } from '../control/control-client.ts';
import { operatorWords } from '../operator-errors.ts';

const LOOPBACK = /^(127\.|localhost:|\[::1\])/;
const ONLY_HERE =
  'That address is of this machine alone. For another one: --address HOST:PORT, and there ROCKPOOL_PEERS=NAME=HOST:PORT for this node.';

export const tokenCommand: Subcommand = {
  name: 'token',
  summary: 'makes a token by which one new machine joins the cluster',
  usage: [
    'rockpool token [--address HOST:PORT] [--data DIR] [--print]',
    '',
    '  --address HOST:PORT  where the new machine reaches the peer port of this node (else where its peers do)',
    '  --data DIR           the data directory of a running node (else ROCKPOOL_DATA)',
    '  --print              write the token even where no terminal is (it is a secret)',
  ].join('\n'),
  async run({ args, env, terminal }: CommandContext): Promise<number> {
    const options = readOptions(args, {
      address: { type: 'string', default: '' },
      data: { type: 'string' },
      print: { type: 'boolean' },
    });
    if (!terminal.interactive && options.print !== true) {
      const words = 'The token is a secret, and this is no terminal. Add --print to write it.';
      terminal.error(operatorWords('CLI_NO_TERMINAL', words));
      return 1;
    }
    const data = options.data === undefined ? dataDirOf(env) : resolve(options.data);
    try {
      const { token, address, expiresAtMs } = await askToken(data, options.address);
      terminal.out(token);
      const minutes = Math.round((expiresAtMs - Date.now()) / 60_000);
      terminal.error(
        [
          `One use, ${minutes} minutes, as long as this node runs. On the new machine, which must reach ${address}:`,
          '  rockpool join TOKEN --name NAME --peer-address HOST:PORT --data DIR',
          'HOST:PORT is where the other nodes reach the new one. Then start it there: rockpool node',
          ...(LOOPBACK.test(address) ? [ONLY_HERE] : []),
        ].join('\n'),
      );
      return 0;
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      terminal.error(error.message);
      return 1;
    }
  },
};
