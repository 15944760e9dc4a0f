// `rockpool recover`: the way out when a majority of a cluster's disks is gone for good.

import { resolve } from 'node:path';
import {
  type CommandContext,
  readArguments,
  type Subcommand,
  type Terminal,
  UsageError,
} from '@rockpool/cli';
import {
  groupsNewerIn,
  inspectNode,
  NodeError,
  type NodeFigures,
  recoverCluster,
} from '@rockpool/cluster';
import { dataDirOf } from '../config.ts';
import { operatorWords } from '../operator-errors.ts';
import { GRACE_USAGE, graceWords, openingOf, readGrace } from './grace-option.ts';
import { groupsOf } from './status-phrases.ts';

const PHRASE = 'what is missing is lost';
const ANSWER_BYTES_MAX = 256;

export const recoverCommand: Subcommand = {
  name: 'recover',
  summary: 'makes a cluster of one node out of what is left, when most of the disks are gone',
  usage: [
    'rockpool recover --inspect DIR [DIR…]',
    'rockpool recover [--data DIR] [--yes] [--grace HOURS] [DIR…]',
    '',
    '  --inspect   only says what stopped nodes have, and which of them has most',
    '  --data DIR  the data directory of the stopped node to go on from (else ROCKPOOL_DATA)',
    '  DIR…        data directories of other nodes that are left: refused if one of them has more',
    '  --yes       does not ask',
    GRACE_USAGE,
    '',
    'Only if a majority of the nodes is gone for good. Never start one of the others again.',
  ].join('\n'),
  async run({ args, env, terminal }: CommandContext): Promise<number> {
    const { values, positionals } = readArguments(args, {
      inspect: { type: 'boolean' },
      data: { type: 'string' },
      yes: { type: 'boolean' },
      grace: { type: 'string' },
    });
    const graceMs = readGrace(values.grace);
    const isSure = values.yes === true;
    const named = positionals.map((name) => resolve(name));
    try {
      if (values.inspect === true) {
        if (named.length === 0) throw new UsageError('name data directories of stopped nodes');
        terminal.out(comparison(await inspectAll(named)));
        return 0;
      }
      const data = values.data === undefined ? dataDirOf(env) : resolve(values.data);
      return await recover([data, ...named], { isSure, graceMs }, terminal);
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      terminal.error(error.message);
      return 1;
    }
  },
};

async function recover(
  dataDirs: readonly string[],
  { isSure, graceMs }: { readonly isSure: boolean; readonly graceMs: number },
  terminal: Terminal,
): Promise<number> {
  const [chosen, ...others] = await inspectAll(dataDirs);
  if (chosen === undefined) throw new UsageError('name the data directory');
  for (const other of others) {
    const newer = groupsNewerIn(other, chosen);
    if (newer.length > 0) {
      throw new NodeError('RECOVER_OTHER_NEWER', `${other.dataDir}: ${groupsOf(newer)}.`);
    }
  }
  terminal.error(losses(chosen));
  if (!isSure && !(await isConfirmed(terminal))) {
    const words = 'Nothing was changed: the words were not typed. --yes does without them.';
    terminal.error(operatorWords('CLI_RECOVER_UNCONFIRMED', words));
    return 1;
  }
  const { clusterId } = await recoverCluster(chosen.dataDir, openingOf(graceMs).opening);
  terminal.out(`Node ${chosen.name} is the only one of the new cluster ${clusterId}.`);
  terminal.error(
    [
      'Start it: rockpool node. Then let new machines join, each by a token of its own: rockpool token.',
      'Never start one of the former nodes again; it would be refused.',
      ...(graceMs > 0 ? [graceWords(graceMs)] : []),
    ].join('\n'),
  );
  return 0;
}

/** One after the other, and all of one cluster. */
async function inspectAll(dataDirs: readonly string[]): Promise<readonly NodeFigures[]> {
  const all: NodeFigures[] = [];
  for (const dataDir of dataDirs) {
    const figures = await inspectNode(dataDir);
    if (figures.clusterId !== (all[0] ?? figures).clusterId) {
      throw new NodeError('RECOVER_OTHER_CLUSTER', `${dataDir} is of ${figures.clusterId}.`);
    }
    all.push(figures);
  }
  return all;
}

function losses(figures: NodeFigures): string {
  return [
    table(figures),
    '',
    'Whatever the other nodes acknowledged after these entries and this one never received is LOST: accounts, pools,',
    'invites and changes of members may be missing. What people wrote to each other is on their devices.',
    'The cluster gets a new id. The nodes before are refused for good; new ones join by token.',
  ].join('\n');
}

function table({ name, dataDir, clusterId, groups }: NodeFigures): string {
  const rows = groups.map(({ group, term, lastTerm, lastIndex, commitIndex, votes }) => {
    const unknown = lastIndex - commitIndex;
    const rest = unknown > 0 ? `, ${unknown} not known to be agreed on` : '';
    const last = `last entry ${lastIndex} of term ${lastTerm}${rest}`;
    return `  ${groupsOf([group])}: term ${term}, ${last}${votes ? '' : ', NO VOTE'}`;
  });
  return [`Node ${name} of cluster ${clusterId}, in ${dataDir}:`, ...rows].join('\n');
}

function comparison(all: readonly NodeFigures[]): string {
  const most = all.filter((one) => all.every((other) => groupsNewerIn(other, one).length === 0));
  const [best] = most;
  const advice =
    best === undefined
      ? all.map((one) => {
          const behind = all.flatMap((other) => groupsNewerIn(other, one));
          return `${one.dataDir} lacks entries of ${groupsOf([...new Set(behind)])}.`;
        })
      : [`${best.dataDir} has all that the others have: recover that one.`];
  if (best === undefined)
    advice.push('None has all that the others have: each choice loses something.');
  const tables = all.map(table);
  return [...tables, ...(all.length > 1 ? ['', ...advice] : [])].join('\n');
}

async function isConfirmed({ error, input }: Terminal): Promise<boolean> {
  error(`Type "${PHRASE}" to go on:`);
  let answer = Buffer.alloc(0);
  for await (const piece of input) {
    answer = Buffer.concat([answer, piece]);
    if (answer.includes('\n') || answer.length > ANSWER_BYTES_MAX) break;
  }
  return answer.toString().split('\n')[0]?.trim() === PHRASE;
}
