// Free ports on the loopback interface. A port that a node had last time is kept while it is free,
// so that bookmarks, scripts and firewalls see the same numbers again.

import { createServer } from 'node:net';
import { freeTcpPort, isTcpPortFree, isUdpPortFree, LOOPBACK } from './free-ports.ts';
import { LauncherError } from './launcher-error.ts';
import type { LocalNode } from './launcher-file.ts';

const STUN_PORT_FIRST = 3478;
/** STUN ports tried from the first one on. */
const STUN_PORTS_MAX = 200;
/** Only Linux lets the nodes have one STUN port together, which then answers while any of them lives. */
export const STUN_PORT_SHARED = process.platform === 'linux';

/** Ports for nodes named 1 to `count`: the former ones where they are still free. */
export async function choosePorts(
  count: number,
  former: readonly LocalNode[],
): Promise<readonly LocalNode[]> {
  const taken = new Set<number>();
  const nodes: LocalNode[] = [];
  const sharedStunPort = STUN_PORT_SHARED ? await stunPort(taken) : undefined;
  for (let number = 1; number <= count; number += 1) {
    const name = String(number);
    const last = former.find((node) => node.name === name);
    nodes.push({
      name,
      httpPort: await tcpPort(last?.httpPort, taken),
      peerPort: await tcpPort(last?.peerPort, taken),
      metricsPort: await tcpPort(last?.metricsPort, taken),
      stunPort: sharedStunPort ?? (await stunPort(taken)),
    });
  }
  return nodes;
}

async function tcpPort(wanted: number | undefined, taken: Set<number>): Promise<number> {
  const keep =
    wanted !== undefined && !taken.has(wanted) && (await isTcpPortFree(wanted, LOOPBACK));
  const port = keep ? wanted : await freeTcpPort();
  taken.add(port);
  return port;
}

async function stunPort(taken: Set<number>): Promise<number> {
  for (let port = STUN_PORT_FIRST; port < STUN_PORT_FIRST + STUN_PORTS_MAX; port += 1) {
    if (taken.has(port) || !(await isUdpPortFree(port)) || !(await hold(port))) continue;
    taken.add(port);
    return port;
  }
  throw new LauncherError(
    'LAUNCHER_NO_STUN_PORT',
    `No UDP port from ${STUN_PORT_FIRST} on is free for STUN.`,
  );
}

/**
 * Clients are told the address for good, but while a killed node is down nobody holds its UDP port, and
 * another launcher's search would take it. So the TCP port of the same number is held as long as this
 * process runs; it is STUN's too, and nobody else's.
 */
function hold(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const holder = createServer((socket) => socket.destroy());
    holder.once('error', () => resolve(false));
    holder.listen({ port, host: LOOPBACK, exclusive: true }, () => resolve(true));
    holder.unref();
  });
}
