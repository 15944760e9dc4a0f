// `rockpool init`: makes a cluster once. Run again it finds the cluster and changes nothing, so that
// a one-shot service may run before every start.

import { join, resolve } from 'node:path';
import { type CommandContext, readOptions, type Subcommand, UsageError } from '@rockpool/cli';
import { type InitNode, initCluster, isInitialised, NodeError } from '@rockpool/cluster';
import { dataDirOf } from '../config.ts';
import { operatorWords } from '../operator-errors.ts';
import { listOf } from './status-phrases.ts';

export const SINGLE_NODE: InitNode = { name: '1', peerAddress: '127.0.0.1:7400' };

export const initCommand: Subcommand = {
  name: 'init',
  summary: 'makes a new cluster of one or three nodes in empty data directories',
  usage: [
    'rockpool init [--data DIR] [--nodes NAME=HOST:PORT,NAME=HOST:PORT,NAME=HOST:PORT]',
    '',
    '  --data DIR    where the data lies (else ROCKPOOL_DATA)',
    '  --nodes LIST  where the nodes reach each other; their directories are DIR/node-NAME.',
    '                Without it, one node in DIR itself.',
  ].join('\n'),
  async run({ args, env, terminal }: CommandContext): Promise<number> {
    const options = readOptions(args, { data: { type: 'string' }, nodes: { type: 'string' } });
    const data = options.data === undefined ? dataDirOf(env) : resolve(options.data);
    const nodes = options.nodes === undefined ? [SINGLE_NODE] : readNodes(options.nodes);
    const single = options.nodes === undefined;
    const dataDirs = nodes.map(({ name }) => (single ? data : nodeDirectory(data, name)));
    const made = await Promise.all(dataDirs.map((dir) => isInitialised(dir)));
    if (made.every((done) => done)) {
      terminal.out(`The cluster in ${data} exists already; nothing to do.`);
      return 0;
    }
    if (made.some((done) => done)) {
      const words = partialWords(dataDirs.filter((_, index) => made[index] !== true));
      terminal.error(operatorWords('CLI_INIT_PARTIAL', words));
      return 1;
    }
    try {
      const { clusterId } = await initCluster({ dataDirs, nodes });
      terminal.out(`Made cluster ${clusterId} of ${countOf(nodes)} in ${data}.`);
      return 0;
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      terminal.error(error.message);
      return 1;
    }
  },
};

/** The operator may have lost a disk, and must not be told to begin anew. */
function partialWords(empty: readonly string[]): string {
  return [
    `There is no node in ${listOf(empty)}, but in the other directories: nothing was made.`,
    'If data was lost, a new node takes the place of the lost one: rockpool token, join, replace.',
    'Only a first start that was cut off is begun anew, by emptying all of them.',
  ].join(' ');
}

/** "one node", "3 nodes". */
export function countOf(nodes: readonly InitNode[]): string {
  return nodes.length === 1 ? 'one node' : `${nodes.length} nodes`;
}

/** The directory of one of several nodes whose data lie side by side. */
export function nodeDirectory(data: string, name: string): string {
  return join(data, `node-${name}`);
}

export function readNodes(list: string): readonly InitNode[] {
  const nodes = list.split(',').map((item): InitNode => {
    const parts = /^([A-Za-z0-9][A-Za-z0-9-]{0,15})=(.+:\d{1,5})$/.exec(item.trim());
    if (parts?.[1] === undefined || parts[2] === undefined) {
      throw new UsageError(`"${item}" is not NAME=HOST:PORT`);
    }
    return { name: parts[1], peerAddress: parts[2] };
  });
  if (nodes.length !== 1 && nodes.length !== 3) {
    throw new UsageError('a cluster begins with one node or three');
  }
  if (new Set(nodes.map(({ name }) => name)).size < nodes.length) {
    throw new UsageError('two nodes have the same name');
  }
  return nodes;
}
