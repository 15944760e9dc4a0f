// The client's one connection to the cluster: it keeps a link to some node alive, authenticates the
// device on each, and moves to another node when one goes. Whoever asks something of the servers
// asks here and need not know which node answers.

import {
  CLOCK_SKEW_MAX_MS,
  ERRORS,
  equalBytes,
  type NodeState,
  type Refusal,
  type ServerFrame,
  type ServerHello,
  WIRE_VERSION,
} from '@rockpool/protocol';
import type { Ask } from '../chains/fetch-links.ts';
import {
  JUST_BACK_MS,
  RECONNECT_FIRST_MS,
  RECONNECT_MAX_MS,
  REQUEST_TIMEOUT_MS,
  REQUEST_TRIES_MAX,
  SUSPECT_MS,
} from '../limits.ts';
import type { Platform } from '../ports.ts';
import type { NodeView, Notice, ServerView } from '../view.ts';
import { backoffMs, fraction } from './backoff.ts';
import { type Answered, Link, type Refused, type Request } from './link.ts';
import { type Board, type BoardChange, boardBroke, boardHeard, boardView } from './node-board.ts';
import { refusedWords, type SessionDevice, showDevice } from './show-device.ts';

export interface SessionHost {
  device(): SessionDevice | undefined;
  /** The socket may be used: watch lists and presence have to be asked for anew. */
  onOnline(): void;
  /** The servers came back from an older state, without this device: what it holds is to be asked through this link. */
  onForgotten(ask: Ask): Promise<void>;
  onPush(frame: ServerFrame): void;
  onChange(): void;
  notify(tone: Notice['tone'], text: string): void;
}

type Need = 'hello' | 'auth';
interface Waiter {
  readonly need: Need;
  readonly settle: (link: Link | undefined) => void;
}

const NODE_CRASHED = 'Servers are out of reach. Open conversations go on.';
/** Attempts after which the person is told. */
const QUIET_ATTEMPTS = 3;

export class Session {
  readonly #platform: Platform;
  readonly #host: SessionHost;
  #link: Link | undefined;
  #authed = false;
  #board: Board = [];
  #heard: readonly NodeState[] = [];
  /** Node whose socket broke under us: told once another one answers, else it may be our network. */
  #suspect: string | undefined;
  #lastHello: ServerHello | undefined;
  #clockOffsetMs = 0;
  #attempt = 0;
  #stopped = false;
  #told = false;
  #cancelRetry: () => void = () => {};
  #cancelGrace: () => void = () => {};
  readonly #waiters = new Set<Waiter>();

  constructor(platform: Platform, host: SessionHost) {
    this.#platform = platform;
    this.#host = host;
  }

  start(): void {
    this.#open('/ws');
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelRetry();
    this.#cancelGrace();
    this.#link?.close();
    for (const waiter of [...this.#waiters]) waiter.settle(undefined);
  }

  view(): ServerView {
    const hello = this.#link?.hello;
    const nodes: readonly NodeView[] = boardView(this.#board, this.#platform.clock.nowMs());
    const grace = this.#lastHello?.grace;
    const isGrace = grace !== undefined && grace > this.nowMs();
    const base = {
      nodes,
      unclaimed: this.#lastHello?.unclaimed === 1,
      ...(isGrace ? { graceEndsMs: grace } : {}),
    };
    if (hello === undefined || (this.#host.device() !== undefined && !this.#authed)) {
      return { ...base, status: this.#attempt >= QUIET_ATTEMPTS ? 'offline' : 'connecting' };
    }
    return { ...base, status: 'online', node: hello.name };
  }

  get hello(): ServerHello | undefined {
    return this.#lastHello;
  }

  get online(): boolean {
    return this.#authed;
  }

  /** The servers' time where it is believable, for expiries that nodes will judge. */
  nowMs(): number {
    return this.#platform.clock.nowMs() + this.#clockOffsetMs;
  }

  /** The link in use as soon as there is one; undefined after the timeout. */
  link(need: Need, timeoutMs = REQUEST_TIMEOUT_MS): Promise<Link | undefined> {
    if (this.#fits(need)) return Promise.resolve(this.#link);
    return new Promise((resolve) => {
      const waiter: Waiter = {
        need,
        settle: (link) => {
          cancel();
          this.#waiters.delete(waiter);
          resolve(link);
        },
      };
      const cancel = this.#platform.clock.after(timeoutMs, () => waiter.settle(undefined));
      this.#waiters.add(waiter);
    });
  }

  /**
   * Asks on an authenticated socket. Repeats over other nodes when the link broke or the node says
   * so; whoever asks must make sure that asking twice does no harm.
   */
  async request(frame: Request): Promise<Answered | 'offline'> {
    let last: Refused | 'offline' = 'offline';
    for (let tries = 0; tries < REQUEST_TRIES_MAX; tries++) {
      const link = await this.link('auth');
      if (link === undefined) return last;
      const answer = await link.request(frame);
      if (answer === 'closed') continue;
      if (answer.ok || ERRORS[answer.code].retry === 'never') return answer;
      last = answer;
      if (answer.code === 'CHAIN_CONFLICT' || answer.code === 'CHAIN_STALE') return answer;
      if (answer.code === 'SIGNAL_OFFLINE' || answer.code === 'CHAIN_GRACE') return answer;
      await this.pause(tries);
      if (ERRORS[answer.code].retry === 'elsewhere' && link === this.#link) link.close();
    }
    return last;
  }

  /** Sends without waiting for the outcome; false when there is no socket to send on. */
  async tell(frame: Request): Promise<Refusal | undefined | 'offline'> {
    if (!this.#authed || this.#link === undefined) return 'offline';
    const answer = await this.#link.request(frame);
    if (answer === 'closed') return 'offline';
    return answer.ok ? undefined : answer;
  }

  /** An account has come into being: its device is shown on the socket in use, if it was not yet. */
  async authenticate(): Promise<void> {
    const device = this.#host.device();
    const link = this.#link;
    if (device === undefined || link?.hello === undefined) return;
    if (this.#authed || (await this.#auth(link, link.hello, device))) this.#online();
  }

  /** Does the cluster know this device? From then on the socket in use is this device's. */
  async knows(device: SessionDevice): Promise<boolean> {
    const link = await this.link('hello');
    if (link?.hello === undefined || !equalBytes(link.hello.realm, device.realm)) return false;
    return this.#auth(link, link.hello, device, false);
  }

  /** Where no account came of the device that was asked about, its socket is nobody's and goes. */
  disown(): void {
    if (this.#authed && this.#host.device() === undefined) this.#link?.close();
  }

  /** The way to the node is tried at once. Resolves when a node is reached, over the old way or a new one. */
  async networkChanged(): Promise<void> {
    const link = this.#link;
    if (link !== undefined) await link.probe();
    else if (!this.#stopped) {
      this.#cancelRetry();
      this.#attempt = 0;
      this.#open('/ws');
    }
    await this.link('auth');
  }

  pause(tries: number): Promise<void> {
    const range = { firstMs: 200, maxMs: 2_000 };
    return new Promise((resolve) => {
      this.#platform.clock.after(backoffMs(range, tries, this.#platform.random), resolve);
    });
  }

  #fits(need: Need): boolean {
    return need === 'auth' ? this.#authed : this.#link?.hello !== undefined;
  }

  #open(path: string): void {
    if (this.#stopped) return;
    const link: Link = new Link(this.#platform.sockets, this.#platform.clock, path, {
      onHello: (hello) => void this.#greeted(link, hello),
      onPush: (frame) => this.#push(link, frame),
      onEnd: (code) => this.#ended(link, code),
    });
    // A port may end a socket while it opens it; then there is nothing to keep.
    if (!link.ended) this.#link = link;
    this.#host.onChange();
  }

  async #greeted(link: Link, hello: ServerHello): Promise<void> {
    this.#link = link;
    const device = this.#host.device();
    if (hello.version !== WIRE_VERSION) {
      this.#complain(ERRORS.PROTOCOL_VERSION.message + ERRORS.PROTOCOL_VERSION.remedy);
      link.close();
      return;
    }
    if (device !== undefined && !equalBytes(device.realm, hello.realm)) {
      this.#complain('This server is not the one this account belongs to.');
      link.close();
      return;
    }
    this.#lastHello = hello;
    const offset = hello.time - this.#platform.clock.nowMs();
    this.#clockOffsetMs = Math.abs(offset) <= CLOCK_SKEW_MAX_MS ? offset : 0;
    if (hello.grace !== undefined) {
      const leftMs = Math.max(0, hello.grace - this.nowMs());
      this.#cancelGrace();
      this.#cancelGrace = this.#platform.clock.after(leftMs, () => this.#host.onChange());
    }
    this.#accuse(hello.name);
    this.#hear(hello.nodes);
    if (device === undefined) this.#attempt = 0;
    this.#release('hello');
    if (device !== undefined && (await this.#auth(link, hello, device))) this.#online();
    this.#host.onChange();
  }

  async #auth(
    link: Link,
    hello: ServerHello,
    device: SessionDevice,
    complains = true,
  ): Promise<boolean> {
    const { origin } = this.#platform.sockets;
    const bringBack = complains ? (ask: Ask) => this.#host.onForgotten(ask) : undefined;
    const answer = await showDevice(link, hello, device, { origin, bringBack });
    if (link !== this.#link || link.ended) return false;
    if (answer === 'closed' || !answer.ok) {
      if (answer !== 'closed' && complains) this.#complain(refusedWords(answer, hello));
      link.close();
      return false;
    }
    this.#authed = true;
    this.#attempt = 0;
    this.#told = false;
    this.#release('hello');
    this.#release('auth');
    return true;
  }

  #online(): void {
    this.#host.onOnline();
    this.#host.onChange();
  }

  #push(link: Link, frame: ServerFrame): void {
    if (link !== this.#link) return;
    if (frame.type === 'nodes') {
      this.#hear(frame.nodes);
      this.#host.onChange();
    } else if (frame.type === 'drain') {
      this.#cancelRetry();
      this.#attempt = 0;
      const to = frame.to[Math.floor(fraction(this.#platform.random) * frame.to.length)];
      this.#leave(link);
      this.#open(to === undefined ? '/ws' : `/n/${to}/ws`);
    } else {
      this.#host.onPush(frame);
    }
  }

  /** Drops a link on purpose: its end is no failure. */
  #leave(link: Link): void {
    this.#link = undefined;
    this.#authed = false;
    link.close();
  }

  #ended(link: Link, code: number): void {
    const wasOurs = link === this.#link;
    if (!wasOurs && this.#link !== undefined) return;
    if (this.#stopped) return;
    if (wasOurs && this.#authed && isCrash(code)) this.#suspect = link.hello?.name;
    const left = !wasOurs && link.hello !== undefined;
    this.#link = undefined;
    this.#authed = false;
    if (left) return;
    this.#attempt++;
    if (this.#attempt === QUIET_ATTEMPTS + 1) this.#complain(NODE_CRASHED);
    const range = { firstMs: RECONNECT_FIRST_MS, maxMs: RECONNECT_MAX_MS };
    const wait = backoffMs(range, this.#attempt - 1, this.#platform.random);
    this.#cancelRetry();
    this.#cancelRetry = this.#platform.clock.after(wait, () => this.#open(this.#nextPath(link)));
    this.#host.onChange();
  }

  /** Another node that is said to be up; every third time whichever the front door picks. */
  #nextPath(last: Link): string {
    const others = this.#board.filter((node) => node.up && node.name !== last.hello?.name);
    const index = Math.floor(fraction(this.#platform.random) * others.length);
    const pick = others[index];
    return pick === undefined || this.#attempt % 3 === 0 ? '/ws' : `/n/${pick.name}/ws`;
  }

  #accuse(answering: string): void {
    const { clock } = this.#platform;
    const name = this.#suspect;
    this.#suspect = undefined;
    if (name === undefined || name === answering) return;
    this.#applyBoard(boardBroke(this.#board, name, clock.nowMs()));
    // Where the others never missed it, it was only the socket.
    clock.after(SUSPECT_MS, () => this.#hear(this.#heard));
  }

  #hear(states: readonly NodeState[]): void {
    this.#heard = states;
    this.#applyBoard(boardHeard(this.#board, states, this.#platform.clock.nowMs()));
  }

  #applyBoard(change: BoardChange): void {
    this.#board = change.board;
    if (change.back.length > 0) {
      this.#platform.clock.after(JUST_BACK_MS, () => this.#host.onChange());
    }
    if (change.stopped.length + change.back.length > 0) this.#host.onChange();
    for (const name of change.stopped) {
      this.#host.notify('info', `Node ${name} stopped, nothing to do`);
    }
    for (const name of change.back) this.#host.notify('good', `Node ${name} is back`);
  }

  #release(need: Need): void {
    for (const waiter of [...this.#waiters]) {
      if (waiter.need === need) waiter.settle(this.#link);
    }
  }

  /** Says a lasting trouble once, until the next success. */
  #complain(text: string): void {
    if (this.#told) return;
    this.#told = true;
    this.#host.notify('bad', text);
  }
}

/** Codes of ours (4000 and up) and the goodbye are no sign of a node that died. */
function isCrash(code: number): boolean {
  return code !== 1000 && code < 4000;
}
