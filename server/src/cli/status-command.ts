// `rockpool status`: what a running node knows of itself, its groups and its peers.

import { resolve } from 'node:path';
import { type CommandContext, readOptions, type Subcommand } from '@rockpool/cli';
import type { PeerState } from '@rockpool/cluster';
import { probeStun } from '@rockpool/stun';
import { dataDirOf } from '../config.ts';
import { askStatus, ControlError } from '../control/control-client.ts';
import type { NodeStatus } from '../control/control-messages.ts';
import type { StunStatus } from '../observability/stun-status.ts';

/** It is on this machine; what takes longer does not answer. */
const STUN_TIMEOUT_MS = 1_000;
const OWN_ADDRESS = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

export const statusCommand: Subcommand = {
  name: 'status',
  summary: 'shows a running node: groups, leaders, sockets, STUN, peers',
  usage: [
    'rockpool status [--json] [--data DIR]',
    '',
    '  --data DIR  the data directory of a running node (else ROCKPOOL_DATA)',
    '  --json      one JSON object instead of words',
  ].join('\n'),
  async run({ args, env, terminal }: CommandContext): Promise<number> {
    const options = readOptions(args, { json: { type: 'boolean' }, data: { type: 'string' } });
    const data = options.data === undefined ? dataDirOf(env) : resolve(options.data);
    try {
      const status = await askStatus(data);
      const stun = status.stun && { ...status.stun, answering: await answers(status.stun) };
      const json = options.json === true;
      terminal.out(json ? JSON.stringify({ ...status, stun }) : renderStatus(status, stun));
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

type ProbedStun = StunStatus & { readonly answering: boolean };

function renderStatus(
  { ready, pid, sockets, cluster }: NodeStatus,
  stun: ProbedStun | undefined,
): string {
  const names = new Map([cluster.self, ...cluster.peers.map(({ node }) => node)].map(named));
  const leaderOf = (id: string | undefined) => (id === undefined ? 'none' : (names.get(id) ?? id));
  return [
    `node ${cluster.self.name}  ${ready ? 'ready' : 'not ready'}  pid ${pid}`,
    `cluster ${cluster.clusterId}  boot ${cluster.bootNumber}`,
    `sockets ${sockets.device} with a device, ${sockets.anonymous} without`,
    stunLine(stun),
    ...cluster.full.map((name) => {
      return `node ${name} is nearly out of disk: nothing is changed (CLUSTER_READ_ONLY)`;
    }),
    ...cluster.peers.map(
      (peer) => `peer ${peer.node.name}  ${peer.node.peerAddress}  ${wordsOf(peer)}`,
    ),
    ...cluster.groups.map(({ group, role, leader, term, appliedIndex, commitIndex }) => {
      const name = group === 0 ? 'meta ' : 'shard';
      const applied = `applied ${appliedIndex} of ${commitIndex}`;
      return `${name} ${group}  ${role}, leader ${leaderOf(leader)}, term ${term}, ${applied}`;
    }),
  ].join('\n');
}

function wordsOf({ connected, isBehind }: PeerState): string {
  if (isBehind) return 'not counted: its disk lost what it had confirmed (PEER_INCARNATION)';
  return connected ? 'connected' : 'away';
}

function stunLine(stun: ProbedStun | undefined): string {
  if (stun === undefined) return 'stun off';
  const { answering, port, sinceMs, answers, refused } = stun;
  const since = new Date(sinceMs).toISOString();
  const state = answering ? 'answering' : 'NOT answering';
  return `stun ${state}  port ${port}  since ${since}  answers ${answers}  refused ${refused}`;
}

function named({ id, name }: { id: string; name: string }): readonly [string, string] {
  return [id, name];
}
