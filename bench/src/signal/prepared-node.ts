// A cluster of one node, made and run by the commands that people use, with the settings they have: the log on
// standard output, metrics and STUN on. Only the ports are chosen, and the origin is one that needs no TLS.
import { join } from 'node:path';
import { fromBase64url } from '@rockpool/protocol';
import { Child } from '../harness/child.ts';
import { COLLECTS_GARBAGE } from '../harness/settled-memory.ts';
import { enrolMembers } from './enrol-members.ts';
import { freeTcpPort, LOOPBACK } from './loopback.ts';
import { writeMembers } from './members.ts';
import { untilAnswers } from './until-answers.ts';

const COMMAND = join(import.meta.dirname, '../../../bin/rockpool.cjs');
const RP_ID = 'localhost';
/** The front door that browsers would come through; the load sends it as their Origin. */
const ORIGIN = 'http://localhost:8080';
const COMMAND_TIMEOUT_MS = 20_000;

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
  const start = (port: number) => startNode(data, port);
  const port = await freeTcpPort();
  const node = await start(port);
  try {
    const link = await rockpool('invite', '--first-admin', '--print', '--data', data);
    const token = fromBase64url(/#admin=([\w-]+)/.exec(link)?.[1] ?? '');
    if (token === undefined) throw new Error(`no first-admin link: ${link}`);
    const place = { port, origin: ORIGIN, rpId: RP_ID };
    writeMembers(membersPath, ORIGIN, await enrolMembers(place, token, pools));
  } finally {
    await node.stop();
  }
  return { membersPath, start };
}

async function startNode(data: string, port: number): Promise<Child> {
  const node = await Child.start({
    command: process.execPath,
    args: [COMMAND, 'node'],
    environment: {
      ...COLLECTS_GARBAGE,
      ROCKPOOL_PUBLIC_ORIGIN: ORIGIN,
      ROCKPOOL_DATA: data,
      ROCKPOOL_HTTP_ADDRESS: LOOPBACK,
      ROCKPOOL_HTTP_PORT: String(port),
      ROCKPOOL_PEER_ADDRESS: LOOPBACK,
      ROCKPOOL_PEER_PORT: String(await freeTcpPort()),
      ROCKPOOL_METRICS_PORT: String(await freeTcpPort()),
      ROCKPOOL_STUN_ADDRESS: LOOPBACK,
      ROCKPOOL_STUN_PORT: String(await freeTcpPort()),
    },
  });
  await untilAnswers(node, `http://${LOOPBACK}:${port}/readyz`, ({ ok }) => ok);
  return node;
}

async function rockpool(...args: string[]): Promise<string> {
  const command = await Child.start({ command: process.execPath, args: [COMMAND, ...args] });
  return command.finished(COMMAND_TIMEOUT_MS);
}
