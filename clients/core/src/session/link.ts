// One WebSocket to one node: hello, numbered requests and their answers, heartbeat. It ends once
// and tells so once; changing nodes is the session's.

import {
  type Bytes,
  type ClientFrame,
  decodeServerFrame,
  encodeCbor,
  isErrorCode,
  type Refusal,
  refuse,
  type ServerFrame,
  type ServerHello,
} from '@rockpool/protocol';
import {
  HEARTBEAT_MS,
  HEARTBEAT_SILENCE_MS,
  HELLO_TIMEOUT_MS,
  NETWORK_CHANGE_SILENCE_MS,
  REQUEST_TIMEOUT_MS,
  REQUESTS_PENDING_MAX,
} from '../limits.ts';
import type { Clock, Socket, SocketPort } from '../ports.ts';

type WithoutNumber<T> = T extends { readonly re: number } ? Omit<T, 're'> : never;
/** A client frame before it has its number. */
export type Request = WithoutNumber<ClientFrame>;
export interface Refused extends Refusal {
  /** When to ask again, where the node says so. */
  readonly retryAfterMs?: number;
}
export type Answered = { readonly ok: true; readonly value: ServerFrame } | Refused;
/** 'closed' when the socket ended first: whether the node acted is unknown. */
export type Answer = Answered | 'closed';

export interface LinkEvents {
  onHello(hello: ServerHello): void;
  onPush(frame: ServerFrame): void;
  onEnd(code: number): void;
}

interface Pending {
  readonly settle: (answer: Answer) => void;
  readonly cancelTimer: () => void;
}

export class Link {
  hello: ServerHello | undefined;
  readonly #clock: Clock;
  readonly #events: LinkEvents;
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #next = 1;
  #ended = false;
  readonly #ends = new Set<() => void>();
  #cancelWatch: () => void;

  constructor(sockets: SocketPort, clock: Clock, path: string, events: LinkEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#cancelWatch = clock.after(HELLO_TIMEOUT_MS, () => this.close());
    this.#socket = sockets.open(path, {
      onOpen: () => {},
      onFrame: (frame) => this.#receive(frame),
      onClose: (code) => this.#end(code),
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Runs when the socket ends; at once where it has. The returned function takes it back. */
  onceEnded(run: () => void): () => void {
    if (this.#ended) run();
    else this.#ends.add(run);
    return () => void this.#ends.delete(run);
  }

  request(frame: Request, timeoutMs = REQUEST_TIMEOUT_MS): Promise<Answer> {
    if (this.#ended) return Promise.resolve('closed');
    if (this.#pending.size >= REQUESTS_PENDING_MAX) {
      return Promise.resolve(refuse('LIMIT_RATE', 'too many requests are open'));
    }
    const re = this.#next++;
    return new Promise((resolve) => {
      const cancelTimer = this.#clock.after(timeoutMs, () =>
        this.#settle(re, refuse('CLUSTER_TIMEOUT', `${frame.type} was not answered`)),
      );
      this.#pending.set(re, { settle: resolve, cancelTimer });
      this.#socket.send(encodeCbor({ ...frame, re }));
    });
  }

  /**
   * Asks for a sign of life now, and gives the socket up if none comes soon. Where something ends with it, a slow network is
   * not taken for another one so fast.
   */
  async probe(): Promise<void> {
    const silenceMs = this.#ends.size > 0 ? HEARTBEAT_SILENCE_MS : NETWORK_CHANGE_SILENCE_MS;
    const answer = await this.request({ type: 'ping' }, silenceMs);
    if (answer !== 'closed' && !answer.ok) this.close();
  }

  close(): void {
    if (this.#ended) return;
    this.#socket.close(1000);
    this.#end(1000);
  }

  #receive(bytes: Bytes): void {
    if (this.#ended) return;
    const decoded = decodeServerFrame(bytes);
    if (!decoded.ok) {
      this.close();
      return;
    }
    const frame = decoded.value;
    if (frame.type === 'hello') {
      if (this.hello !== undefined) return;
      this.hello = frame;
      this.#heartbeat();
      this.#events.onHello(frame);
      return;
    }
    if (this.hello === undefined) {
      this.close();
      return;
    }
    this.#heartbeat();
    if ('re' in frame) this.#settle(frame.re, answerOf(frame));
    else this.#events.onPush(frame);
  }

  /** After a while of silence asks for a sign of life, and gives the socket up if none comes. */
  #heartbeat(): void {
    this.#cancelWatch();
    this.#cancelWatch = this.#clock.after(HEARTBEAT_MS, () => {
      void this.request({ type: 'ping' }, HEARTBEAT_SILENCE_MS + 1000);
      this.#cancelWatch = this.#clock.after(HEARTBEAT_SILENCE_MS, () => this.close());
    });
  }

  #settle(re: number, answer: Answer): void {
    const pending = this.#pending.get(re);
    if (pending === undefined) return;
    this.#pending.delete(re);
    pending.cancelTimer();
    pending.settle(answer);
  }

  #end(code: number): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelWatch();
    for (const re of [...this.#pending.keys()]) this.#settle(re, 'closed');
    for (const run of this.#ends) run();
    this.#events.onEnd(code);
  }
}

function answerOf(frame: ServerFrame): Answered {
  if (frame.type !== 'error') return { ok: true, value: frame };
  const { code, detail = code, retryAfterMs } = frame;
  const refused = refuse(isErrorCode(code) ? code : 'INTERNAL', detail);
  return retryAfterMs === undefined ? refused : { ...refused, retryAfterMs };
}
