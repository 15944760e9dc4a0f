/*
 * STUN over TCP, for operators who open the port. Connections are few, short and counted: one that brings no
 * whole message for a while, brings what is not to be answered, or does not read its answers is cut off.
 */
import type { Server, Socket } from 'node:net';
import { closeServer } from './bind-sockets.ts';
import { type BindingOutcome, BindingResponder } from './binding-responder.ts';
import { nowMs } from './clock.ts';
import { ANSWER_BYTES_MAX, type SourceAddress } from './codec/binding-answer.ts';
import { StreamFramer } from './codec/stream-framer.ts';
import { readDefaultGateway } from './default-gateway.ts';
import { readSourceAddress, sourceAddress } from './source-address.ts';
import { SourceLimiter } from './source-limiter.ts';
import { type AnswerCounts, TranslationWatch } from './translation-watch.ts';
import { type AnsweringOptions, SOCKET_ERROR_WARNING } from './udp-service.ts';

export interface TcpLimits {
  readonly connectionsMax: number;
  /** From one IPv4 address or one IPv6 /64. */
  readonly connectionsPerSourceMax: number;
  /** From the connection or the last message to the end of the next one. */
  readonly messageWithinMs: number;
}

const TCP_LIMITS: TcpLimits = {
  connectionsMax: 1_024,
  connectionsPerSourceMax: 32,
  messageWithinMs: 10_000,
};

/** Answer bytes that may wait for a client that does not read. */
const UNREAD_BYTES_MAX = 65_536;

/** Counts since the start, and connections open now. */
export interface TcpMetrics {
  readonly open: number;
  readonly accepted: number;
  /** Closed at once, because there were too many. */
  readonly refused: number;
  /** Cut off by us: too slow, not to be answered, or not reading. */
  readonly cutOff: number;
}

/** With what was answered over TCP, and errors of the listening sockets. */
export interface TcpServiceMetrics extends TcpMetrics {
  readonly outcomes: Readonly<Record<BindingOutcome, number>>;
  readonly named: AnswerCounts;
  readonly listenErrors: number;
}

export class TcpService {
  readonly #servers: readonly Server[];
  readonly #responder: BindingResponder;
  readonly #watch: TranslationWatch;
  readonly #limits: TcpLimits;
  readonly #open = new Set<Socket>();
  readonly #bySource = new Map<string, number>();
  readonly #room = new Uint8Array(ANSWER_BYTES_MAX);
  #accepted = 0;
  #refused = 0;
  #cutOff = 0;
  #listenErrors = 0;

  constructor(
    servers: readonly Server[],
    options: AnsweringOptions,
    limits: Partial<TcpLimits> = {},
  ) {
    this.#servers = servers;
    this.#watch = new TranslationWatch(readDefaultGateway(), options.logger);
    const limiter = new SourceLimiter(options.limit, options.limiterMemory);
    // Nothing is discovered over TCP: an answer goes back on its own connection.
    this.#responder = new BindingResponder(limiter, this.#watch);
    this.#limits = { ...TCP_LIMITS, ...limits };
    for (const server of servers) {
      server.on('connection', (socket) => this.#accept(socket));
      server.on('error', (error: NodeJS.ErrnoException) => {
        this.#listenErrors += 1;
        options.logger.warn({ code: error.code ?? error.name }, SOCKET_ERROR_WARNING);
      });
    }
  }

  metrics(): TcpServiceMetrics {
    return {
      outcomes: { ...this.#responder.outcomes },
      named: { ...this.#watch.counts },
      listenErrors: this.#listenErrors,
      open: this.#open.size,
      accepted: this.#accepted,
      refused: this.#refused,
      cutOff: this.#cutOff,
    };
  }

  /** Ends every connection too, else its server would not close. */
  async close(): Promise<void> {
    const closed = this.#servers.map(closeServer);
    for (const socket of this.#open) socket.destroy();
    await Promise.all(closed);
  }

  #accept(socket: Socket): void {
    // A reset is the end of a connection like any other; 'close' follows.
    socket.on('error', () => socket.destroy());
    const asker: SourceAddress = sourceAddress();
    readSourceAddress(socket.remoteAddress ?? '', socket.remotePort ?? 0, asker);
    const source = nameOf(asker);
    const ofSource = this.#bySource.get(source) ?? 0;
    const { connectionsMax, connectionsPerSourceMax, messageWithinMs } = this.#limits;
    if (this.#open.size >= connectionsMax || ofSource >= connectionsPerSourceMax) {
      this.#refused += 1;
      socket.destroy();
      return;
    }
    this.#accepted += 1;
    this.#open.add(socket);
    this.#bySource.set(source, ofSource + 1);
    const cutOff = () => {
      this.#cutOff += 1;
      socket.destroy();
    };
    const deadline = setTimeout(cutOff, messageWithinMs);
    const framer = new StreamFramer();
    socket.on('data', (chunk) => {
      // What is left of the answers to earlier bytes: those to one chunk go out together, so they are not judged one by one.
      if (socket.writableLength > UNREAD_BYTES_MAX) {
        cutOff();
        return;
      }
      socket.cork();
      const sound = framer.feed(chunk, (message) => {
        deadline.refresh();
        return this.#answer(socket, message, asker);
      });
      socket.uncork();
      if (!sound) cutOff();
    });
    socket.once('close', () => {
      clearTimeout(deadline);
      this.#open.delete(socket);
      this.#leave(source);
    });
  }

  #answer(socket: Socket, message: Uint8Array, asker: SourceAddress): boolean {
    const length = this.#responder.respond(message, asker, nowMs(), this.#room);
    if (length === 0) return false;
    // A copy: the socket may keep it until after the next answer.
    socket.write(this.#room.slice(0, length));
    return true;
  }

  #leave(source: string): void {
    const left = (this.#bySource.get(source) ?? 1) - 1;
    if (left === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, left);
  }
}

/** What counts as one source: an IPv4 address, or the first 64 bits of an IPv6 address. */
function nameOf({ address, addressBytes }: SourceAddress): string {
  return address.subarray(0, addressBytes === 16 ? 8 : addressBytes).join('.');
}
