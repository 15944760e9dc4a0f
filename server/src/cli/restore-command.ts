// `rockpool restore`: a new cluster, in empty directories, that begins with what a backup holds.

import { resolve } from 'node:path';
import { type CommandContext, readArguments, type Subcommand, UsageError } from '@rockpool/cli';
import { restoreCluster } from '@rockpool/cluster';
import { dataDirOf } from '../config.ts';
import { BackupProgress } from './backup-progress.ts';
import { GRACE_USAGE, graceWords, openingOf, readGrace } from './grace-option.ts';
import { countOf, nodeDirectory, readNodes, SINGLE_NODE } from './init-command.ts';
import { readFailure } from './verify-command.ts';

export const restoreCommand: Subcommand = {
  name: 'restore',
  summary: 'makes a cluster of one or three nodes out of a backup, in empty data directories',
  usage: [
    'rockpool restore FILE [--data DIR] [--nodes NAME=HOST:PORT,NAME=HOST:PORT,NAME=HOST:PORT]',
    '                 [--grace HOURS]',
    '',
    '  --data DIR    where the data will lie (else ROCKPOOL_DATA)',
    '  --nodes LIST  where the nodes reach each other; their directories are DIR/node-NAME.',
    '                Without it, one node in DIR itself.',
    GRACE_USAGE,
    '',
    'Stop every node of the former cluster first, and never start one again.',
  ].join('\n'),
  async run({ args, env, terminal }: CommandContext): Promise<number> {
    const { values, positionals } = readArguments(args, {
      data: { type: 'string' },
      nodes: { type: 'string' },
      grace: { type: 'string' },
    });
    const graceMs = readGrace(values.grace);
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0) throw new UsageError('name one file');
    const data = values.data === undefined ? dataDirOf(env) : resolve(values.data);
    const single = values.nodes === undefined;
    const nodes = values.nodes === undefined ? [SINGLE_NODE] : readNodes(values.nodes);
    const dataDirs = nodes.map((node) => (single ? data : nodeDirectory(data, node.name)));
    const progress = new BackupProgress(terminal);
    const file = resolve(name);
    try {
      const { clusterId } = await restoreCluster({
        file,
        dataDirs,
        nodes,
        ...openingOf(graceMs),
        onProgress: (what, bytes) => progress.show(what, bytes),
      });
      progress.clear();
      terminal.out(`Made cluster ${clusterId} of ${countOf(nodes)} in ${data} from ${file}.`);
      if (graceMs > 0) terminal.error(graceWords(graceMs));
      return 0;
    } catch (error) {
      progress.clear();
      terminal.error(readFailure(error, file));
      return 1;
    }
  },
};
