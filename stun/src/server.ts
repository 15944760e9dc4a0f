/*
 * The STUN server: UDP, and TCP where wanted. It owns the sockets and nothing else: what is answered is decided
 * by the responder. A send skips the name lookup that Node would do for each datagram, and stops queueing when the
 * kernel does not keep up.
 */
import { isIP } from 'node:net';
import { type BoundSockets, bindSockets, closeSockets, type StunLogger } from './bind-sockets.ts';
import { ANSWERS_QUEUED_MAX, type BindingOutcome, BindingResponder } from './binding-responder.ts';
import { readDefaultGateway } from './default-gateway.ts';
import { NatDiscovery } from './nat-discovery.ts';
import { type SourceLimit, SourceLimiter } from './source-limiter.ts';
import { StunError } from './stun-error.ts';
import { type TcpLimits, type TcpMetrics, TcpService } from './tcp-service.ts';
import { type AnswerCounts, TranslationWatch } from './translation-watch.ts';

/** A house behind one address may gather at once; a flood may not. */
export const STUN_LIMITS: SourceLimit = {
  answersPerSecond: 200,
  burst: 800,
  sourcesMax: 65_536,
};

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
  readonly limits?: Partial<SourceLimit>;
  readonly tcpLimits?: Partial<TcpLimits>;
  readonly logger?: StunLogger;
  /** A monotonic clock in milliseconds. */
  readonly nowMs?: () => number;
}

/** Counts since the start. `outcomes` adds up to the datagrams and TCP messages received. */
export interface StunMetrics {
  readonly outcomes: Readonly<Record<BindingOutcome, number>>;
  /** Answers not sent because the kernel's queue was full. */
  readonly sendDropped: number;
  /** Errors of the sockets; each was logged once. */
  readonly socketErrors: number;
  readonly tcp: TcpMetrics;
  /** Success answers by what they name. */
  readonly named: AnswerCounts;
}

export interface StunServer {
  readonly port: number;
  /** The addresses it listens on; without IPv6 on this machine `::` is missing. */
  readonly addresses: readonly string[];
  metrics(): StunMetrics;
  close(): Promise<void>;
}

/** Starts answering Binding requests. Throws a StunError when an address cannot be had. */
export async function startStunServer(options: StunServerOptions): Promise<StunServer> {
  const { port, addresses = ['0.0.0.0', '::'], tcp = false, sharePort = false, logger } = options;
  const { alternatePort } = options;
  const discovers = alternatePort !== undefined;
  if (discovers && !isPair(addresses)) {
    throw new StunError('STUN_DISCOVERY_ADDRESSES', addresses.join(', '));
  }
  const first = await bindSockets({ port, addresses, tcp, sharePort, logger });
  if (!discovers) return new SocketStunServer(first, options);
  const second = { port: alternatePort, addresses, tcp: false, sharePort, logger };
  try {
    const { udp } = await bindSockets(second);
    return new SocketStunServer({ udp: [...first.udp, ...udp], tcp: first.tcp }, options);
  } catch (error) {
    await closeSockets(first);
    throw error;
  }
}

interface SourceEndpoint {
  readonly address: string;
  readonly port: number;
}

function isPair(addresses: readonly string[]): boolean {
  const [first = '', second = ''] = addresses;
  return addresses.length === 2 && isIP(first) !== 0 && isIP(first) === isIP(second);
}

class SocketStunServer implements StunServer {
  readonly port: number;
  readonly addresses: readonly string[];
  readonly #sockets: BoundSockets;
  readonly #tcp: TcpService;
  readonly #tcpResponder: BindingResponder;
  readonly #watch: TranslationWatch;
  readonly #responder: BindingResponder;
  readonly #logger: StunLogger | undefined;
  readonly #nowMs: () => number;
  readonly #logged = new Set<string>();
  #sendDropped = 0;
  #socketErrors = 0;
  #closed: Promise<void> | undefined;

  constructor(sockets: BoundSockets, options: StunServerOptions) {
    this.#sockets = sockets;
    const limiter = new SourceLimiter({ ...STUN_LIMITS, ...options.limits });
    this.#watch = new TranslationWatch(readDefaultGateway(), options.logger);
    const discovers = options.alternatePort !== undefined;
    const endpoints = sockets.udp.map((socket) => socket.address());
    const discovery = discovers ? new NatDiscovery(endpoints) : undefined;
    this.#responder = new BindingResponder(limiter, this.#watch, discovery);
    // Over TCP nothing is discovered: an answer goes back on its own connection.
    this.#tcpResponder = discovers ? new BindingResponder(limiter, this.#watch) : this.#responder;
    this.#logger = options.logger;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.addresses = [...new Set(endpoints.map(({ address }) => address))];
    this.port = endpoints[0]?.port ?? 0;
    this.#tcp = new TcpService(sockets.tcp, this.#tcpResponder, this.#nowMs, options.tcpLimits);
    for (const server of sockets.tcp) server.on('error', (error) => this.#countError(error));
    for (const [number, socket] of sockets.udp.entries()) {
      socket.on('message', (datagram, source) => this.#receive(number, datagram, source));
      socket.on('error', (error) => this.#countError(error));
    }
  }

  metrics(): StunMetrics {
    return {
      outcomes: this.#outcomes(),
      sendDropped: this.#sendDropped,
      socketErrors: this.#socketErrors,
      tcp: this.#tcp.metrics(),
      named: this.#watch.counts(),
    };
  }

  close(): Promise<void> {
    this.#closed ??= closeSockets(this.#sockets);
    this.#tcp.close();
    return this.#closed;
  }

  #outcomes(): Record<BindingOutcome, number> {
    const sum = { ...this.#responder.outcomes };
    if (this.#tcpResponder === this.#responder) return sum;
    for (const outcome of Object.keys(sum) as BindingOutcome[]) {
      sum[outcome] += this.#tcpResponder.outcomes[outcome];
    }
    return sum;
  }

  #receive(receivedBy: number, datagram: Uint8Array, source: SourceEndpoint): void {
    const { address, port } = source;
    const length = this.#responder.respond(datagram, address, port, this.#nowMs(), receivedBy);
    const socket = this.#sockets.udp[this.#responder.answerFrom];
    if (length === 0 || socket === undefined) return;
    if (socket.getSendQueueCount() >= ANSWERS_QUEUED_MAX - 1) {
      this.#sendDropped += 1;
      return;
    }
    socket.send(this.#responder.answer, 0, length, port, address);
  }

  #countError(error: NodeJS.ErrnoException): void {
    this.#socketErrors += 1;
    const code = error.code ?? error.name;
    if (this.#logged.has(code)) return;
    this.#logged.add(code);
    this.#logger?.warn({ code }, 'a STUN socket reported an error');
  }
}
