/*
 * UDP by Node's own sockets, on every system: one datagram at a time. A send skips the name lookup that Node would
 * do for each datagram, and stops queueing when the kernel does not keep up.
 */
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIP } from 'node:net';
import { ANSWERS_QUEUED_MAX, AnswerRing } from './answer-ring.ts';
import { BindingResponder } from './binding-responder.ts';
import { nowMs } from './clock.ts';
import { readDefaultGateway } from './default-gateway.ts';
import type { StunLogger } from './logger.ts';
import { NatDiscovery } from './nat-discovery.ts';
import { readSourceAddress, sourceAddress } from './source-address.ts';
import { SourceLimiter } from './source-limiter.ts';
import { TranslationWatch } from './translation-watch.ts';
import {
  SOCKET_ERROR_WARNING,
  type UdpMetrics,
  type UdpService,
  type UdpServiceOptions,
  type UdpSocket,
  type UdpWay,
} from './udp-service.ts';

interface PortableSocket extends UdpSocket {
  readonly socket: Socket;
}

export const PORTABLE_UDP: UdpWay<PortableSocket> = {
  batched: false,
  async bind(address, port, sharePort) {
    const family = isIP(address);
    const socket = createSocket({
      type: family === 6 ? 'udp6' : 'udp4',
      ipv6Only: family === 6,
      reusePort: sharePort,
      lookup: (host, _options, done) => done(null, host, family),
    });
    const close = () => new Promise<void>((resolve) => socket.close(() => resolve()));
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind(port, address, () => {
          socket.off('error', reject);
          resolve();
        });
      });
    } catch (error) {
      await close();
      throw error;
    }
    return { socket, address: socket.address().address, port: socket.address().port, close };
  },
  async serve(sockets, options) {
    return new PortableUdpService(sockets, options);
  },
};

class PortableUdpService implements UdpService {
  readonly #sockets: readonly PortableSocket[];
  readonly #responder: BindingResponder;
  readonly #watch: TranslationWatch;
  readonly #logger: StunLogger;
  readonly #source = sourceAddress();
  readonly #ring = new AnswerRing();
  #sendDropped = 0;
  #socketErrors = 0;

  constructor(sockets: readonly PortableSocket[], options: UdpServiceOptions) {
    this.#sockets = sockets;
    this.#logger = options.logger;
    const limiter = new SourceLimiter(options.limit, options.limiterMemory);
    this.#watch = new TranslationWatch(readDefaultGateway(), options.logger);
    const discovery = options.discovers ? new NatDiscovery(sockets) : undefined;
    this.#responder = new BindingResponder(limiter, this.#watch, discovery);
    for (const [number, { socket }] of sockets.entries()) {
      socket.on('message', (datagram, source) => this.#receive(number, datagram, source));
      socket.on('error', (error) => this.#countError(error));
    }
  }

  metrics(): UdpMetrics {
    return {
      outcomes: { ...this.#responder.outcomes },
      named: { ...this.#watch.counts },
      sendDropped: this.#sendDropped,
      socketErrors: this.#socketErrors,
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#sockets.map((socket) => socket.close()));
  }

  #receive(receivedBy: number, datagram: Uint8Array, from: RemoteInfo): void {
    const { address, port } = from;
    readSourceAddress(address, port, this.#source);
    const answer = this.#ring.room;
    const length = this.#responder.respond(datagram, this.#source, nowMs(), answer, receivedBy);
    const socket = this.#sockets[this.#responder.answerFrom]?.socket;
    if (length === 0 || socket === undefined) return;
    if (socket.getSendQueueCount() >= ANSWERS_QUEUED_MAX - 1) {
      this.#sendDropped += 1;
      return;
    }
    this.#ring.advance();
    socket.send(answer, 0, length, port, address);
  }

  #countError(error: NodeJS.ErrnoException): void {
    this.#socketErrors += 1;
    this.#logger.warn({ code: error.code ?? error.name }, SOCKET_ERROR_WARNING);
  }
}
