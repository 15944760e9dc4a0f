// A cluster of one node, made and run by the commands that people use, with the settings they have: the log on
// standard output, metrics and STUN on. Only the ports are chosen, and the origin is one that needs no TLS.
import { join } from 'node:path';
import { fromBase64url } from '@rockpool/protocol';
import { freeTcpPort, freeUdpPort } from '@rockpool/server';
import { Child } from '../harness/child.ts';
import { COLLECTS_GARBAGE } from '../harness/settled-memory.ts';
import { enrolMembers } from './enrol-members.ts';
import { LOOPBACK } from './loopback.ts';
import { writeMembers } from './members.ts';
import { untilAnswers } from './until-answers.ts';

const COMMAND = join(import.meta.dirname, '../../../bin/rockpool.cjs');
const RP_ID = 'localhost';
/** The front door that browsers would come through; the load sends it as their Origin. */
const ORIGIN = 'http://localhost:8080';
/** On a machine whose cores are all busy. */
const COMMAND_TIMEOUT_MS = 60_000;

export interface PreparedNode {
  readonly membersPath: string;
  /** Runs the node on the prepared data, on this port. */
  start(port: number): Promise<Child>;
}

/** Makes the cluster in this directory and enrols members in so many pools. */
export async function prepareNode(directory: string, pools: number): Promise<PreparedNode> {
  const data = join(directory, 'node');
  const membersPath = join(directory, 'members.json');
  await rockpool('init', '--data', data);
  const start = async (port: number) => {
    const node = await startNode({ data, port, peerPort: await freeTcpPort() });
    await untilReady(node, port);
    return node;
  };
  const port = await freeTcpPort();
  const node = await start(port);
  try {
    await enrolOn({ data, port }, membersPath, pools);
  } finally {
    await node.stop();
  }
  return { membersPath, start };
}

/** Enrols members in so many pools, through a first-admin link of its own. */
export async function enrolOn(
  { data, port }: { readonly data: string; readonly port: number },
  membersPath: string,
  pools: number,
): Promise<void> {
  const link = await rockpool('invite', '--first-admin', '--print', '--data', data);
  const token = fromBase64url(/#admin=([\w-]+)/.exec(link)?.[1] ?? '');
  if (token === undefined) throw new Error(`no first-admin link: ${link}`);
  const place = { port, origin: ORIGIN, rpId: RP_ID };
  writeMembers(membersPath, ORIGIN, await enrolMembers(place, token, pools));
}

interface NodePlace {
  readonly data: string;
  readonly port: number;
  readonly peerPort: number;
}

export async function startNode({ data, port, peerPort }: NodePlace): Promise<Child> {
  return Child.start({
    command: process.execPath,
    args: [COMMAND, 'node'],
    environment: {
      ...COLLECTS_GARBAGE,
      ROCKPOOL_PUBLIC_ORIGIN: ORIGIN,
      ROCKPOOL_DATA: data,
      ROCKPOOL_HTTP_ADDRESS: LOOPBACK,
      ROCKPOOL_HTTP_PORT: String(port),
      ROCKPOOL_PEER_ADDRESS: LOOPBACK,
      ROCKPOOL_PEER_PORT: String(peerPort),
      ROCKPOOL_METRICS_PORT: String(await freeTcpPort()),
      ROCKPOOL_STUN_ADDRESS: LOOPBACK,
      ROCKPOOL_STUN_PORT: String(await freeUdpPort()),
    },
  });
}

export function untilReady(node: Child, port: number): Promise<void> {
  return untilAnswers(node, `http://${LOOPBACK}:${port}/readyz`, ({ ok }) => ok);
}

export async function rockpool(...args: string[]): Promise<string> {
  const command = await Child.start({ command: process.execPath, args: [COMMAND, ...args] });
  return command.finished(COMMAND_TIMEOUT_MS);
}
