/*
 * What an authenticated socket costs in memory and a relayed signal of 1 KB in CPU time: a real `rockpool node` with
 * its production settings, beside bare relays on `ws` and on fastify, and PeerJS' server. Each is a process of its
 * own on loopback, started afresh for each round and driven by the same load.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freeTcpPort } from '@rockpool/server';
import type { Bench, Contestant, Sample } from '../harness/bench.ts';
import { Child } from '../harness/child.ts';
import { COLLECTS_GARBAGE } from '../harness/settled-memory.ts';
import type { LineKind, LoadOrder, LoadReport } from './load-order.ts';
import { DEFAULT_GROUPS, DEVICES_PER_POOL, type Groups } from './load-shape.ts';
import { LOOPBACK } from './loopback.ts';
import { type PreparedNode, prepareNode } from './prepared-node.ts';
import { untilAnswers } from './until-answers.ts';

const LOAD = join(import.meta.dirname, 'load-main.ts');
/** Opening sockets, two quiet times and the warm-up, on a busy machine. */
const LOAD_GRACE_MS = 180_000;
const MICROSECONDS = 1_000_000;

let directory: string | undefined;

export const signalBench: Bench = {
  name: 'signal',
  summary:
    'memory per idle socket and CPU per relayed signal, beside bare ws, bare fastify and PeerJS',
  async lacks() {
    return process.platform === 'linux' ? undefined : 'memory and CPU time are read from /proc';
  },
  async contestants() {
    directory = await mkdtemp(join(tmpdir(), 'rockpool-bench-'));
    const node = await prepareNode(directory, DEFAULT_GROUPS.many);
    return [ours(node, DEFAULT_GROUPS), ...(await peers(DEFAULT_GROUPS))];
  },
  async discard() {
    if (directory !== undefined) await rm(directory, { recursive: true, force: true });
  },
  ratios: [
    { key: 'kibPerSocketFastify', figure: 'kibPerSocket', peer: 'fastify' },
    { key: 'kibPerSocketWs', figure: 'kibPerSocket', peer: 'ws' },
    { key: 'kibPerSocketPeerjs', figure: 'kibPerSocket', peer: 'peerjs' },
    { key: 'cpuPerSignal', figure: 'cpuPerSignal', peer: 'fastify' },
    { key: 'cpuPerSignalWs', figure: 'cpuPerSignal', peer: 'ws' },
    { key: 'cpuPerSignalPeerjs', figure: 'cpuPerSignal', peer: 'peerjs' },
  ],
};

/** A node with this data. */
export function ours(node: PreparedNode, groups: Groups): Contestant {
  return {
    key: 'ours',
    what: 'rockpool node, a cluster of one, production settings, log to a pipe',
    measure: async (seconds) => {
      const port = await freeTcpPort();
      const load = { kind: 'rockpool', port, groups, seconds } as const;
      return measureOn(await node.start(port), { ...load, membersPath: node.membersPath });
    },
  };
}

/** The peers with so many sockets. */
export async function peers(groups: Groups): Promise<readonly Contestant[]> {
  const [ws, fastify, websocket, peerjs] = await Promise.all(
    ['ws', 'fastify', '@fastify/websocket', 'peer'].map(versionOf),
  );
  const relay = 'a bare relay of JSON, token on connect';
  const peer = (key: string, what: string, kind: LineKind, main: string): Contestant => ({
    key,
    what,
    measure: async (seconds) => {
      const port = await freeTcpPort();
      const args = [join(import.meta.dirname, main), `${port}`];
      const server = await Child.start({
        command: process.execPath,
        args,
        environment: COLLECTS_GARBAGE,
      });
      await untilAnswers(server, `http://${LOOPBACK}:${port}/`);
      return measureOn(server, { kind, port, groups, seconds, membersPath: '' });
    },
  });
  return [
    peer('ws', `ws ${ws}, ${relay}`, 'relay', 'ws-relay-main.ts'),
    peer(
      'fastify',
      `fastify ${fastify} with @fastify/websocket ${websocket}, ${relay}`,
      'relay',
      'fastify-relay-main.ts',
    ),
    peer('peerjs', `peer ${peerjs}, PeerJS' server, default options`, 'peerjs', 'peerjs-main.ts'),
  ];
}

/** Drives a ready server and stops it, whatever happens in between. */
async function measureOn(server: Child, order: Omit<LoadOrder, 'pid'>): Promise<Sample> {
  try {
    const argument = JSON.stringify({ ...order, pid: server.pid } satisfies LoadOrder);
    const load = await Child.start({ command: process.execPath, args: [LOAD, argument] });
    const printed = await load.finished(order.seconds * 1000 + LOAD_GRACE_MS);
    return sampleOf(JSON.parse(printed), order.groups);
  } finally {
    await server.stop();
  }
}

/** Throws unless every signal arrived as it was sent. */
export function sampleOf(report: LoadReport, groups: Groups): Sample {
  const { kibFew, kibMany, delivered, wrong, lost, cpuSeconds, elapsedSeconds } = report;
  if (delivered === 0 || wrong > 0 || lost > 0) {
    throw new Error(`not every signal was relayed: ${JSON.stringify(report)}`);
  }
  return {
    kibPerSocket: (kibMany - kibFew) / ((groups.many - groups.few) * DEVICES_PER_POOL),
    cpuPerSignal: (cpuSeconds * MICROSECONDS) / delivered,
    signalsPerSecond: delivered / elapsedSeconds,
  };
}

/** Some packages do not let their package.json be imported, so it is looked for beside their entry. */
async function versionOf(name: string): Promise<string> {
  let folder = dirname(fileURLToPath(import.meta.resolve(name)));
  while (!folder.endsWith(name)) folder = dirname(folder);
  const { version }: { version: string } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  );
  return version;
}
