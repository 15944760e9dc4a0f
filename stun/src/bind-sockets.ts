/*
 * Takes the port on every address, over UDP and, where wanted, TCP. All of it or nothing: what was bound
 * before a failure is given back.
 */
import { createServer, isIP, type Server } from 'node:net';
import type { StunLogger } from './logger.ts';
import { StunError } from './stun-error.ts';
import type { UdpSocket, UdpWay } from './udp-service.ts';

/** Tries to find one free number for all addresses when the port is left to the system. */
const FREE_PORT_TRIES_MAX = 16;

export interface BindOptions {
  /** 0 lets the system choose one. */
  readonly port: number;
  readonly addresses: readonly string[];
  readonly tcp: boolean;
  /** Other processes that share too may have the port at the same time. */
  readonly sharePort: boolean;
  readonly logger: StunLogger | undefined;
}

export interface BoundSockets<S extends UdpSocket = UdpSocket> {
  readonly udp: readonly S[];
  readonly tcp: readonly Server[];
}

/** Throws a StunError when an address cannot be had. */
export async function bindSockets<S extends UdpSocket>(
  way: UdpWay<S>,
  options: BindOptions,
): Promise<BoundSockets<S>> {
  const { addresses } = options;
  for (let attempt = 1; ; attempt += 1) {
    const udp: S[] = [];
    const tcp: Server[] = [];
    try {
      for (const address of addresses) {
        const port = udp[0]?.port ?? options.port;
        const socket = await bindUdp(way, { ...options, port }, address);
        if (socket === undefined) continue;
        udp.push(socket);
        if (options.tcp) tcp.push(await bindTcp({ ...options, port: socket.port }, address));
      }
      if (udp.length > 0) return { udp, tcp };
      throw new StunError('STUN_ADDRESS_UNAVAILABLE', addresses.join(', '));
    } catch (error) {
      await closeSockets({ udp, tcp });
      const taken = error instanceof StunError && error.code === 'STUN_PORT_IN_USE';
      if (!taken || options.port !== 0 || attempt === FREE_PORT_TRIES_MAX) throw error;
    }
  }
}

export async function closeSockets({ udp, tcp }: BoundSockets): Promise<void> {
  await Promise.all([...udp.map((socket) => socket.close()), ...tcp.map(closeServer)]);
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** Undefined when all IPv6 addresses were asked for on a machine that has no IPv6. */
async function bindUdp<S extends UdpSocket>(
  way: UdpWay<S>,
  { port, sharePort, logger }: BindOptions,
  address: string,
): Promise<S | undefined> {
  if (isIP(address) === 0) throw new StunError('STUN_ADDRESS_UNAVAILABLE', address);
  try {
    return await way.bind(address, port, sharePort);
  } catch (error) {
    const refusal = refusalOf(error, address, port);
    if (address !== '::' || refusal.code !== 'STUN_ADDRESS_UNAVAILABLE') throw refusal;
    logger?.warn({ code: codeOf(error) }, 'this machine has no IPv6: STUN listens on IPv4 only');
    return undefined;
  }
}

async function bindTcp({ port, sharePort }: BindOptions, address: string): Promise<Server> {
  const server = createServer();
  const listen = { port, host: address, ipv6Only: isIP(address) === 6, reusePort: sharePort };
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ ...listen, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
    return server;
  } catch (error) {
    throw refusalOf(error, address, port);
  }
}

function refusalOf(error: unknown, address: string, port: number): StunError {
  const where = `${isIP(address) === 6 ? `[${address}]` : address}:${port}`;
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new StunError('STUN_PORT_IN_USE', where, { cause: error });
    case 'EACCES':
      return new StunError('STUN_PORT_FORBIDDEN', where, { cause: error });
    case 'ENOTSUP':
      return new StunError('STUN_SHARING_UNSUPPORTED', where, { cause: error });
    default:
      return new StunError('STUN_ADDRESS_UNAVAILABLE', where, { cause: error });
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
