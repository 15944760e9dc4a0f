// `rockpool branches`: accounts and pools of which two histories came back, between which the rule does not decide.

import { resolve } from 'node:path';
import { type CommandContext, readOptions, type Subcommand } from '@rockpool/cli';
import { dataDirOf } from '../config.ts';
import { askBranches, askBranchTaken, ControlError } from '../control/control-client.ts';
import type { BranchesAnswer, UndecidedChain } from '../control/control-messages.ts';

/** Of a hash: enough to tell one from others, and to type. */
const HASH_SHOWN = 16;

export const branchesCommand: Subcommand = {
  name: 'branches',
  summary: 'shows accounts and pools with two histories after a restore, and takes one of them',
  usage: [
    'rockpool branches [--take HASH] [--json] [--data DIR]',
    '',
    '  --take HASH  takes the history whose newest link is called so, as it is listed',
    '  --data DIR   the data directory of a running node (else ROCKPOOL_DATA)',
    '  --json       one JSON object instead of words',
  ].join('\n'),
  async run({ args, env, terminal }: CommandContext): Promise<number> {
    const options = readOptions(args, {
      take: { type: 'string' },
      json: { type: 'boolean' },
      data: { type: 'string' },
    });
    const data = options.data === undefined ? dataDirOf(env) : resolve(options.data);
    try {
      if (options.take !== undefined) {
        await askBranchTaken(data, options.take);
        terminal.out('Taken. Its chain goes on; the other history is kept as evidence.');
        return 0;
      }
      const answer = await askBranches(data);
      terminal.out(options.json === true ? JSON.stringify(answer) : branchesWords(answer));
      return 0;
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      terminal.error(error.message);
      return 1;
    }
  },
};

function branchesWords({ undecided, more, overruled }: BranchesAnswer): string {
  const lines = undecided.flatMap(chainWords);
  if (undecided.length === 0) lines.push('No account or pool waits for a choice.');
  else {
    lines.push(
      'Ask the people concerned which is theirs; then: rockpool branches --take HASH.',
      'Devices that hold the other one say so, and keep it.',
    );
  }
  if (more > 0) lines.push(`${more} more are told of when these are chosen.`);
  const { links, chains } = overruled;
  if (links > 0)
    lines.push(
      `Kept as evidence: links that were not taken, ${links} of ${chains} accounts and pools.`,
    );
  return lines.join('\n');
}

function chainWords({ chain, id, branches }: UndecidedChain): readonly string[] {
  const name = chain === 'user' ? 'account' : 'pool';
  return [
    `${name} ${id.slice(0, HASH_SHOWN)}`,
    ...branches.map(({ tip, links, newestMs, signer }) => {
      const at = new Date(newestMs).toISOString();
      const by = signer.slice(0, HASH_SHOWN);
      return `    ${tip.slice(0, HASH_SHOWN)}  links ${links}, the newest of ${at}, signed by ${by}`;
    }),
  ];
}
