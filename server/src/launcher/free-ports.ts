// Ports of the loopback interface that are free, and stay so until who asked listens on them. The kernel gives the end of
// an outgoing connection, and a socket that names no port, one from its ephemeral range: a port from there that is free
// now may be somebody's a moment later. So these lie below that range (Linux: 32,768 to 60,999; elsewhere from 49,152,
// RFC 6335 section 6), and each process counts up from a place of its own.

import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

export const LOOPBACK = '127.0.0.1';
const PORT_FIRST = 10_000;
const PORTS = 22_768;
/** Neighbouring process ids, which run at the same time, are that far apart. */
const PORTS_PER_PROCESS = 64;
const TRIES_MAX = 1_000;

let asked = 0;

/** Rejects when so many ports in a row are taken. */
export function freeTcpPort(): Promise<number> {
  return firstFree((port) => isTcpPortFree(port, LOOPBACK));
}

export async function freeTcpPorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) ports.push(await freeTcpPort());
  return ports;
}

/** Rejects when so many ports in a row are taken. */
export function freeUdpPort(): Promise<number> {
  return firstFree(isUdpPortFree);
}

export function isTcpPortFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export function isUdpPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: LOOPBACK, exclusive: true }, () => {
      socket.close(() => resolve(true));
    });
  });
}

async function firstFree(isFree: (port: number) => Promise<boolean>): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const port = PORT_FIRST + ((process.pid * PORTS_PER_PROCESS + asked++) % PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error(`${TRIES_MAX} ports in a row are taken`);
}
