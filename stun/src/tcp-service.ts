/*
 * STUN over TCP, for operators who open the port. Connections are few, short and counted: one that brings no
 * whole message for a while, brings what is not to be answered, or does not read its answers is cut off.
 */
import type { Server, Socket } from 'node:net';
import type { BindingResponder } from './binding-responder.ts';
import { parseIpAddress } from './codec/ip-address.ts';
import { StreamFramer } from './codec/stream-framer.ts';

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

export class TcpService {
  readonly #responder: BindingResponder;
  readonly #nowMs: () => number;
  readonly #limits: TcpLimits;
  readonly #open = new Set<Socket>();
  readonly #bySource = new Map<string, number>();
  #accepted = 0;
  #refused = 0;
  #cutOff = 0;

  constructor(
    servers: readonly Server[],
    responder: BindingResponder,
    nowMs: () => number,
    limits: Partial<TcpLimits> = {},
  ) {
    this.#responder = responder;
    this.#nowMs = nowMs;
    this.#limits = { ...TCP_LIMITS, ...limits };
    for (const server of servers) server.on('connection', (socket) => this.#accept(socket));
  }

  metrics(): TcpMetrics {
    return {
      open: this.#open.size,
      accepted: this.#accepted,
      refused: this.#refused,
      cutOff: this.#cutOff,
    };
  }

  /** Ends every connection, so that its server can close. */
  close(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #accept(socket: Socket): void {
    // A reset is the end of a connection like any other; 'close' follows.
    socket.on('error', () => socket.destroy());
    const { remoteAddress: address = '', remotePort: port = 0 } = socket;
    const source = sourceOf(address);
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
      socket.cork();
      const sound = framer.feed(chunk, (message) => {
        deadline.refresh();
        return this.#answer(socket, message, address, port);
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

  #answer(socket: Socket, message: Uint8Array, address: string, port: number): boolean {
    const length = this.#responder.respond(message, address, port, this.#nowMs());
    if (length === 0 || socket.writableLength > UNREAD_BYTES_MAX) return false;
    // A copy: the socket may keep it for longer than the ring of answers is round.
    socket.write(this.#responder.answer.slice(0, length));
    return true;
  }

  #leave(source: string): void {
    const left = (this.#bySource.get(source) ?? 1) - 1;
    if (left === 0) this.#bySource.delete(source);
    else this.#bySource.set(source, left);
  }
}

const addressBytes = new Uint8Array(16);

/** What counts as one source: an IPv4 address, or the first 64 bits of an IPv6 address. */
function sourceOf(address: string): string {
  const length = parseIpAddress(address, addressBytes);
  return addressBytes.subarray(0, length === 16 ? 8 : length).join('.');
}
