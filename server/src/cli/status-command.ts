// `rockpool status`: what a running node knows of itself, its groups and its peers.

import { resolve } from 'node:path';
import { type CommandContext, readOptions, type Subcommand } from '@rockpool/cli';
import { probeStun } from '@rockpool/stun';
import { dataDirOf } from '../config.ts';
import { askStatus, ControlError } from '../control/control-client.ts';
import type { StunStatus } from '../observability/stun-status.ts';
import { statusWords } from './status-words.ts';

/** It is on this machine; what takes longer does not answer. */
const STUN_TIMEOUT_MS = 1_000;
const OWN_ADDRESS = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

export const statusCommand: Subcommand = {
  name: 'status',
  summary: 'shows a running node: its groups and why one has no leader, peers, disk, STUN',
  usage: [
    'rockpool status [--groups] [--json] [--data DIR]',
    '',
    '  --groups    each group by itself, with what each node confirmed; without it those in the same state are one',
    '  --data DIR  the data directory of a running node (else ROCKPOOL_DATA)',
    '  --json      one JSON object instead of words',
  ].join('\n'),
  async run({ args, env, terminal }: CommandContext): Promise<number> {
    const options = readOptions(args, {
      groups: { type: 'boolean' },
      json: { type: 'boolean' },
      data: { type: 'string' },
    });
    const data = options.data === undefined ? dataDirOf(env) : resolve(options.data);
    try {
      const status = await askStatus(data);
      const stun = status.stun && { ...status.stun, answering: await answers(status.stun) };
      const view = { status, stun, nowMs: Date.now(), everyGroup: options.groups === true };
      const json = options.json === true;
      terminal.out(json ? JSON.stringify({ ...status, stun }) : statusWords(view));
      return status.ready ? 0 : 1;
    } catch (error) {
      if (!(error instanceof ControlError)) throw error;
      terminal.error(error.message);
      return 1;
    }
  },
};

/** What was counted before this command asks is what it tells. */
async function answers({ addresses: [address = ''], port }: StunStatus): Promise<boolean> {
  const host = OWN_ADDRESS.get(address) ?? address;
  return (await probeStun({ host, port, timeoutMs: STUN_TIMEOUT_MS })).ok;
}
