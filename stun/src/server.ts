/*
 * The STUN server over UDP. It owns the sockets and nothing else: what is answered is decided by the
 * responder. A send skips the name lookup that Node would do for each datagram, and stops queueing when the
 * kernel does not keep up.
 */
import { createSocket, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { ANSWERS_QUEUED_MAX, type BindingOutcome, BindingResponder } from './binding-responder.ts';
import { type SourceLimit, SourceLimiter } from './source-limiter.ts';
import { StunError } from './stun-error.ts';

/** Tries to find one free number for all addresses when the port is left to the system. */
const FREE_PORT_TRIES_MAX = 16;

/** A house behind one address may gather at once; a flood may not. */
export const STUN_LIMITS: SourceLimit = {
  answersPerSecond: 200,
  burst: 800,
  sourcesMax: 65_536,
};

/** Where the server tells what an operator should know. Never called for each datagram. */
export interface StunLogger {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

export interface StunServerOptions {
  /** The UDP port, the same on every address; 0 lets the system choose one. */
  readonly port: number;
  /** IP addresses to listen on; all IPv4 and all IPv6 addresses when left out. */
  readonly addresses?: readonly string[];
  readonly limits?: Partial<SourceLimit>;
  readonly logger?: StunLogger;
  /** A monotonic clock in milliseconds. */
  readonly nowMs?: () => number;
}

/** Counts since the start. `outcomes` adds up to the datagrams received. */
export interface StunMetrics {
  readonly outcomes: Readonly<Record<BindingOutcome, number>>;
  /** Answers not sent because the kernel's queue was full. */
  readonly sendDropped: number;
  /** Errors of the sockets; each was logged once. */
  readonly socketErrors: number;
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
  const { port, addresses = ['0.0.0.0', '::'], logger } = options;
  const sockets = await bindAll(port, addresses, logger);
  return new UdpStunServer(sockets, options);
}

class UdpStunServer implements StunServer {
  readonly port: number;
  readonly addresses: readonly string[];
  readonly #sockets: readonly Socket[];
  readonly #responder: BindingResponder;
  readonly #logger: StunLogger | undefined;
  readonly #nowMs: () => number;
  readonly #logged = new Set<string>();
  #sendDropped = 0;
  #socketErrors = 0;
  #closed: Promise<void> | undefined;

  constructor(sockets: readonly Socket[], options: StunServerOptions) {
    this.#sockets = sockets;
    this.#responder = new BindingResponder(
      new SourceLimiter({ ...STUN_LIMITS, ...options.limits }),
    );
    this.#logger = options.logger;
    this.#nowMs = options.nowMs ?? (() => performance.now());
    this.addresses = sockets.map((socket) => socket.address().address);
    this.port = sockets[0]?.address().port ?? 0;
    for (const socket of sockets) {
      socket.on('message', (datagram, source) => this.#receive(socket, datagram, source));
      socket.on('error', (error) => this.#countError(error));
    }
  }

  metrics(): StunMetrics {
    return {
      outcomes: { ...this.#responder.outcomes },
      sendDropped: this.#sendDropped,
      socketErrors: this.#socketErrors,
    };
  }

  close(): Promise<void> {
    this.#closed ??= closeAll(this.#sockets);
    return this.#closed;
  }

  #receive(socket: Socket, datagram: Uint8Array, source: { address: string; port: number }): void {
    const { address, port } = source;
    const length = this.#responder.respond(datagram, address, port, this.#nowMs());
    if (length === 0) return;
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

async function bindAll(
  port: number,
  addresses: readonly string[],
  logger: StunLogger | undefined,
): Promise<Socket[]> {
  for (let attempt = 1; ; attempt += 1) {
    const sockets: Socket[] = [];
    try {
      for (const address of addresses) {
        const wanted = sockets[0]?.address().port ?? port;
        const socket = await bindOne(wanted, address, logger);
        if (socket !== undefined) sockets.push(socket);
      }
      if (sockets.length > 0) return sockets;
      throw new StunError('STUN_ADDRESS_UNAVAILABLE', addresses.join(', '));
    } catch (error) {
      await closeAll(sockets);
      const taken = error instanceof StunError && error.code === 'STUN_PORT_IN_USE';
      if (!taken || port !== 0 || attempt === FREE_PORT_TRIES_MAX) throw error;
    }
  }
}

/** Undefined when all IPv6 addresses were asked for on a machine that has no IPv6. */
async function bindOne(
  port: number,
  address: string,
  logger: StunLogger | undefined,
): Promise<Socket | undefined> {
  const family = isIP(address);
  if (family === 0) throw new StunError('STUN_ADDRESS_UNAVAILABLE', address);
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    lookup: (host, _options, done) => done(null, host, family),
  });
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(port, address, () => {
        socket.off('error', reject);
        resolve();
      });
    });
    return socket;
  } catch (error) {
    await closeAll([socket]);
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const where = `${family === 6 ? `[${address}]` : address}:${port}`;
    if (code === 'EADDRINUSE') throw new StunError('STUN_PORT_IN_USE', where, { cause: error });
    if (code === 'EACCES') throw new StunError('STUN_PORT_FORBIDDEN', where, { cause: error });
    if (address === '::') {
      logger?.warn({ code }, 'this machine has no IPv6: STUN listens on IPv4 only');
      return undefined;
    }
    throw new StunError('STUN_ADDRESS_UNAVAILABLE', where, { cause: error });
  }
}

async function closeAll(sockets: readonly Socket[]): Promise<void> {
  await Promise.all(
    sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))),
  );
}
