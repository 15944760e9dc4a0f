// One client's socket: frames in, answers and pushes out, limits on both. It decides nothing about
// users or pools; the router asks the commands and the hub.

import { randomUUID } from 'node:crypto';
import {
  type Bytes,
  type ClientFrame,
  ERRORS,
  type ErrorCode,
  encodeCbor,
  type Ref,
  type Refusal,
  refuse,
  type ServerFrame,
} from '@rockpool/protocol';
import type { HubSocket } from '../signaling/watched-pool.ts';
import { FrameBudget } from './frame-budget.ts';
import { readClientFrame } from './frame-reader.ts';
import { NEW_SESSION, refusalFor, type SessionState, type ShownDevice } from './session-state.ts';

/** Requests of one socket that may wait for their answers at the same time. */
export const REQUESTS_PENDING_MAX = 32;
/** Bytes waiting to be sent, after which the socket counts as too slow. */
export const SOCKET_BUFFER_BYTES_MAX = 4 * 1024 * 1024;
/** What a socket that is being ended gets to take its last bytes. */
const CLOSE_GRACE_MS = 1000;
/** WebSocket close code where the error table names none: policy violation (RFC 6455 7.4.1). */
const CLOSE_POLICY = 1008;
const PENDING_RETRY_AFTER_MS = 1000;

/** The part of a WebSocket that a session uses. */
export interface SocketPort {
  readonly bufferedAmount: number;
  send(data: Bytes): void;
  close(code: number, reason: string): void;
  terminate(): void;
  ping(): void;
}

export interface SessionLog {
  debug(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface SessionCounters {
  received(bytes: number): void;
  sent(bytes: number): void;
  refused(code: string): void;
}

/** What is known of a socket from its upgrade. */
export interface SessionOrigin {
  readonly origin: string;
  /** The client's address as the rate limits count it. */
  readonly address: string;
  /** The nonce of its hello. */
  readonly nonce: Bytes;
  readonly openedAtMs: number;
}

type WithoutRe<F> = F extends { readonly re: number } ? Omit<F, 're'> : never;
/** An answer; the session adds the number of its request. */
export type Answer = WithoutRe<ServerFrame>;
export type RefusedAnswer = Refusal & { readonly retryAfterMs?: number };
export type Route = (session: Session, frame: ClientFrame) => Promise<Answer | RefusedAnswer>;

export class Session implements HubSocket {
  readonly from: SessionOrigin;
  readonly #socket: SocketPort;
  readonly #route: Route;
  readonly #log: SessionLog;
  readonly #counters: SessionCounters;
  state: SessionState = NEW_SESSION;
  /** Something was heard since the last heartbeat. */
  alive = true;
  readonly #budget = new FrameBudget();
  #pending = 0;
  #ended = false;

  constructor(
    socket: SocketPort,
    from: SessionOrigin,
    route: Route,
    log: SessionLog,
    counters: SessionCounters,
  ) {
    this.#socket = socket;
    this.from = from;
    this.#route = route;
    this.#log = log;
    this.#counters = counters;
  }

  get ended(): boolean {
    return this.#ended;
  }

  get user(): Ref {
    return this.#shown().user;
  }

  get device(): Bytes {
    return this.#shown().entry.id;
  }

  receive(message: Bytes, binary: boolean): void {
    if (this.#ended) return;
    this.alive = true;
    this.#counters.received(message.length);
    if (!this.#budget.take(performance.now(), this.state.device !== undefined)) {
      this.end('LIMIT_RATE');
      return;
    }
    const read = binary ? readClientFrame(message) : refuse('PROTOCOL_MALFORMED', 'text frame');
    if (!read.ok) {
      this.#log.debug({ code: read.code, detail: read.detail }, 'refused a message');
      this.end(read.code);
      return;
    }
    const frame = read.value;
    const refused = refusalFor(this.state, frame);
    if (refused !== undefined) {
      this.#refuse(frame.re, refuse(refused, 'not yet'));
    } else if (this.#pending >= REQUESTS_PENDING_MAX) {
      const busy = refuse('LIMIT_RATE', 'too many requests wait for answers');
      this.#refuse(frame.re, { ...busy, retryAfterMs: PENDING_RETRY_AFTER_MS });
    } else void this.#handle(frame);
  }

  send(frame: ServerFrame): void {
    this.push(encodeCbor(frame));
  }

  push(frame: Bytes): void {
    if (this.#ended) return;
    this.#socket.send(frame);
    this.#counters.sent(frame.length);
    if (this.#socket.bufferedAmount > SOCKET_BUFFER_BYTES_MAX) this.end('LIMIT_BACKPRESSURE');
  }

  /** Closes the socket and says why. */
  end(code: ErrorCode): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#counters.refused(code);
    this.#socket.close(ERRORS[code].close || CLOSE_POLICY, code);
    setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS).unref();
  }

  /** The other side is gone. */
  closed(): void {
    this.#ended = true;
  }

  /** Ends a socket from which nothing came since the last heartbeat. */
  heartbeat(): void {
    if (this.#ended) return;
    if (!this.alive) {
      this.#socket.terminate();
      return;
    }
    this.alive = false;
    this.#socket.ping();
  }

  async #handle(frame: ClientFrame): Promise<void> {
    this.#pending += 1;
    try {
      const answer = await this.#route(this, frame);
      if ('code' in answer && 'ok' in answer) this.#refuse(frame.re, answer);
      else this.send({ ...answer, re: frame.re });
    } catch (error) {
      const correlationId = randomUUID();
      this.#log.error({ err: error, correlationId, frame: frame.type }, 'a request failed');
      this.#refuse(frame.re, refuse('INTERNAL', correlationId));
    } finally {
      this.#pending -= 1;
    }
  }

  #refuse(re: number, { code, detail, retryAfterMs }: RefusedAnswer): void {
    this.#counters.refused(code);
    const more = retryAfterMs === undefined ? {} : { retryAfterMs: Math.ceil(retryAfterMs) };
    this.send({ type: 'error', re, code, detail: plain(detail), ...more });
  }

  #shown(): ShownDevice {
    if (this.state.device === undefined) throw new Error('the socket has shown no device');
    return this.state.device;
  }
}

const DETAIL_BYTES_MAX = 200;

/** Details may quote what a decoder met; the frame's text field takes plain characters only. */
function plain(detail: string): string {
  return detail.replace(/[^\x20-\x7e]/g, '?').slice(0, DETAIL_BYTES_MAX);
}
