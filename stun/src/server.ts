/*
 * The STUN server: UDP, in batches or one by one, and TCP where wanted. It chooses the way and owns the sockets;
 * what is answered is decided by the responder, the same for all of them.
 */
import { isIP } from 'node:net';
import { openBatchedUdp, warnOfFault } from './batched/batched-udp.ts';
import { bindSockets, closeSockets } from './bind-sockets.ts';
import type { StunLogger } from './logger.ts';
import { PORTABLE_UDP } from './portable-udp.ts';
import { limiterMemory, type SourceLimit } from './source-limiter.ts';
import { StunError } from './stun-error.ts';
import {
  type TcpLimits,
  type TcpMetrics,
  TcpService,
  type TcpServiceMetrics,
} from './tcp-service.ts';
import type { UdpMetrics, UdpService, UdpSocket, UdpWay } from './udp-service.ts';

/** A house behind one address may gather at once; a flood may not. */
export const STUN_LIMITS: SourceLimit = {
  answersPerSecond: 200,
  burst: 800,
  sourcesMax: 65_536,
};

const ALL_ADDRESSES: readonly string[] = ['0.0.0.0', '::'];
/** Different warnings of one server, each said once. */
const WARNINGS_MAX = 64;

export interface StunServerOptions {
  /** The port, the same on every address; 0 lets the system choose one. */
  readonly port: number;
  /** IP addresses to listen on; all IPv4 and all IPv6 addresses when left out. */
  readonly addresses?: readonly string[];
  /** Answer over TCP on the same port too; not when left out. */
  readonly tcp?: boolean;
  /** Let other processes that share too have the port at the same time; not when left out. */
  readonly sharePort?: boolean;
  /** A second UDP port, for NAT behaviour discovery (RFC 5780); wants exactly two addresses of one family. */
  readonly alternatePort?: number;
  /** Receive and send in batches where this machine can; so when left out. */
  readonly batched?: boolean;
  readonly limits?: Partial<SourceLimit>;
  readonly tcpLimits?: Partial<TcpLimits>;
  readonly logger?: StunLogger;
}

/** Counts since the start. `outcomes` adds up to the datagrams and TCP messages received. */
export interface StunMetrics extends UdpMetrics {
  readonly tcp: TcpMetrics;
}

export interface StunServer {
  readonly port: number;
  /** The addresses it listens on; without IPv6 on this machine `::` is missing. */
  readonly addresses: readonly string[];
  /** Whether datagrams are received and sent in batches. */
  readonly batched: boolean;
  metrics(): StunMetrics;
  close(): Promise<void>;
}

/** Starts answering Binding requests. Throws a StunError when an address cannot be had. */
export async function startStunServer(
  options: StunServerOptions,
  openBatched = openBatchedUdp,
): Promise<StunServer> {
  const { addresses = ALL_ADDRESSES, alternatePort, batched = true, logger } = options;
  if (alternatePort !== undefined && !isPair(addresses)) {
    throw new StunError('STUN_DISCOVERY_ADDRESSES', addresses.join(', '));
  }
  const way = batched ? openBatched(logger) : undefined;
  if (way === undefined) return start(PORTABLE_UDP, options);
  try {
    return await start(way, options);
  } catch (error) {
    // That an address cannot be had is no fault of the way. Anything else is: the thread cannot be had.
    if (error instanceof StunError) throw error;
    warnOfFault(logger, error);
    return start(PORTABLE_UDP, options);
  }
}

async function start<S extends UdpSocket>(
  way: UdpWay<S>,
  options: StunServerOptions,
): Promise<StunServer> {
  const { port, addresses = ALL_ADDRESSES, tcp = false, sharePort = false } = options;
  const logger = onceEach(options.logger);
  const bind = { port, addresses, tcp, sharePort, logger };
  const bound = await bindSockets(way, bind);
  const udp = [...bound.udp];
  try {
    const { alternatePort } = options;
    const discovers = alternatePort !== undefined;
    if (discovers) {
      udp.push(...(await bindSockets(way, { ...bind, port: alternatePort, tcp: false })).udp);
    }
    const limit = { ...STUN_LIMITS, ...options.limits };
    const shared = { discovers, limit, limiterMemory: limiterMemory(limit), logger };
    const service = await way.serve(udp, shared);
    const overTcp = new TcpService(bound.tcp, shared, options.tcpLimits);
    return {
      port: udp[0]?.port ?? 0,
      addresses: [...new Set(udp.map(({ address }) => address))],
      batched: way.batched,
      metrics: () => metricsOf(service.metrics(), overTcp.metrics()),
      close: closeOnce(service, overTcp),
    };
  } catch (error) {
    await closeSockets({ udp, tcp: bound.tcp });
    throw error;
  }
}

function isPair(addresses: readonly string[]): boolean {
  const [first = '', second = ''] = addresses;
  return addresses.length === 2 && isIP(first) !== 0 && isIP(first) === isIP(second);
}

/** Both ways warn of the same things; each is said once. */
function onceEach(logger: StunLogger | undefined): StunLogger {
  const said = new Set<string>();
  return {
    warn(fields, message) {
      const what = JSON.stringify([fields, message]);
      if (said.has(what) || said.size === WARNINGS_MAX) return;
      said.add(what);
      logger?.warn(fields, message);
    },
  };
}

function metricsOf(udp: UdpMetrics, { outcomes, named, ...tcp }: TcpServiceMetrics): StunMetrics {
  return {
    outcomes: sumOf(udp.outcomes, outcomes),
    named: sumOf(udp.named, named),
    sendDropped: udp.sendDropped,
    socketErrors: udp.socketErrors + tcp.listenErrors,
    tcp: { open: tcp.open, accepted: tcp.accepted, refused: tcp.refused, cutOff: tcp.cutOff },
  };
}

function sumOf<K extends string>(a: Readonly<Record<K, number>>, b: Readonly<Record<K, number>>) {
  const sum = { ...a } as Record<K, number>;
  for (const key of Object.keys(sum) as K[]) sum[key] += b[key];
  return sum;
}

function closeOnce(udp: UdpService, tcp: TcpService): () => Promise<void> {
  let closed: Promise<unknown> | undefined;
  return async () => {
    closed ??= Promise.all([udp.close(), tcp.close()]);
    await closed;
  };
}
