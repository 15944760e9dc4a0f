// `rockpool join`: makes the data directory of a new node, which a member of a running cluster lists.

import { resolve } from 'node:path';
import { type CommandContext, readArguments, type Subcommand, UsageError } from '@rockpool/cli';
import { admitByToken, joinCluster, NodeError } from '@rockpool/cluster';
import { dataDirOf } from '../config.ts';

export const joinCommand: Subcommand = {
  name: 'join',
  summary: 'makes this machine a node of a running cluster, by a token of rockpool token',
  usage: [
    'rockpool join TOKEN --name NAME --peer-address HOST:PORT [--data DIR]',
    '',
    '  --name NAME               of the new node: letters, digits, dashes; no other node has it',
    '  --peer-address HOST:PORT  where the other nodes reach this one',
    '  --data DIR                where its data will lie: an empty directory (else ROCKPOOL_DATA)',
    '',
    'Then start it: rockpool node.',
  ].join('\n'),
  async run({ args, env, terminal }: CommandContext): Promise<number> {
    const { values, positionals } = readArguments(args, {
      name: { type: 'string' },
      'peer-address': { type: 'string' },
      data: { type: 'string' },
    });
    const { name, 'peer-address': peerAddress } = values;
    const [token, ...more] = positionals;
    if (token === undefined || more.length > 0) throw new UsageError('give one token');
    if (name === undefined) throw new UsageError('say --name');
    if (peerAddress === undefined) throw new UsageError('say --peer-address');
    const dataDir = values.data === undefined ? dataDirOf(env) : resolve(values.data);
    try {
      const admit = admitByToken(token);
      const { id } = await joinCluster({ dataDir, name, peerAddress, admit });
      terminal.out(`Node ${name} (${id}) is in the cluster, with its data in ${dataDir}.`);
      terminal.error(`Start it with ROCKPOOL_DATA=${dataDir}: rockpool node`);
      return 0;
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      terminal.error(error.message);
      return 1;
    }
  },
};
