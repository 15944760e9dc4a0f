// The network between simulated machines: who listens where, which links are cut or clogged, and how long
// bytes take. Faults of single messages (loss, doubling, replay) are no faults of a TLS connection; the
// small world of sim/ has those.

import type { FrameKind, PeerFrame } from '../../../src/format/peer-frame.ts';
import { encodePeerFrame } from '../../../src/format/peer-frame.ts';
import type { CoverageCounter } from '../coverage.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Random } from '../random.ts';
import { Connection, type IncomingEnd, type OutgoingEnd } from './connection.ts';
import { flipABit } from './level-model.ts';
import type { StackSwarm } from './stack-swarm.ts';

const CONNECT_MS_MAX = 1_500;
type Frames = (from: string, to: string, kind: FrameKind, payload: Uint8Array) => void;

/** Told of each frame as it is put on the wire, and as its receiver takes it for good. */
export interface Watcher {
  readonly sent: Frames;
  readonly heard: Frames;
}

export class StackNetwork {
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly #coverage: CoverageCounter;
  readonly watcher: Watcher;
  readonly #listeners = new Map<string, IncomingEnd>();
  readonly #connections = new Set<Connection>();
  readonly #cut = new Set<string>();
  readonly #unreachable = new Set<string>();
  /** By link: the newest batch of the sender that the receiver has heard of. */
  readonly #heard = new Map<string, number>();
  #faults: StackSwarm['network'];

  constructor(
    faults: StackSwarm['network'],
    queue: EventQueue,
    random: Random,
    coverage: CoverageCounter,
    watcher: Watcher,
  ) {
    this.#faults = faults;
    this.#queue = queue;
    this.#random = random;
    this.#coverage = coverage;
    this.watcher = watcher;
  }

  heard(to: string, { sender, kind, payload, batch }: PeerFrame): void {
    this.#heard.set(linkOf(sender, to), batch);
    this.watcher.heard(sender, to, kind, payload);
  }

  newestHeard(from: string, to: string): number {
    return this.#heard.get(linkOf(from, to)) ?? 0;
  }

  backoffMs(ceilingMs: number): number {
    return ceilingMs * this.#random.rate(0.5, 1);
  }

  listen(address: string, incoming: IncomingEnd): void {
    this.#listeners.set(address, incoming);
  }

  unlisten(address: string, incoming: IncomingEnd): void {
    if (this.#listeners.get(address) === incoming) this.#listeners.delete(address);
  }

  /** Nothing arrives in this direction, and what is sent waits. */
  cut(from: string, to: string): void {
    this.#cut.add(linkOf(from, to));
  }

  /** Who is there dials in vain, and is not heard; it hears on the connections of the other one. */
  breakOff(from: string, to: string): void {
    this.#unreachable.add(linkOf(from, to));
    if (this.reset(from, to)) this.#coverage.count('N13');
  }

  healLinks(): void {
    this.#cut.clear();
    this.#unreachable.clear();
    for (const connection of this.#connections) this.#release(connection);
  }

  healLink(from: string, to: string): void {
    this.#cut.delete(linkOf(from, to));
    this.#unreachable.delete(linkOf(from, to));
    for (const connection of this.#connections) this.#release(connection);
  }

  heal(): void {
    this.#faults = { ...this.#faults, delaySpike: 0, corrupt: 0, queueBytesMax: 16_777_216 };
    this.healLinks();
  }

  dial(outgoing: OutgoingEnd, address: string): void {
    const { self, nodeId, loop } = outgoing;
    const isUnreachable = this.#unreachable.has(linkOf(self, nodeId));
    const isCut = isUnreachable || this.#isCut(self, nodeId) || this.#isCut(nodeId, self);
    const takesMs = isCut ? CONNECT_MS_MAX : 2 * this.#delayMs();
    this.#queue.after(takesMs, () => {
      loop.enter(() => {
        const incoming = this.#listeners.get(address);
        // At another machine's address another key answers.
        const isThere = incoming?.loop.isAlive === true && incoming.self === nodeId;
        if (!isThere || isCut || this.#isCut(self, nodeId)) {
          outgoing.failed();
          return;
        }
        const connection = new Connection(self, incoming, outgoing);
        this.#connections.add(connection);
        incoming.accept(connection);
        outgoing.connected(connection);
      });
    });
  }

  transmit(connection: Connection, bytes: Uint8Array): boolean {
    if (!connection.isOpen) return false;
    if (connection.queuedBytes > this.#faults.queueBytesMax) {
      this.#coverage.count('N12');
      return false;
    }
    connection.queuedBytes += bytes.length;
    const arrivalMs = Math.max(this.#queue.nowMs + this.#delayMs(), connection.lastArrivalMs);
    connection.lastArrivalMs = arrivalMs;
    this.#queue.at(arrivalMs, () => {
      if (!connection.isOpen) return;
      const { from, to, held } = connection;
      if (this.#isCut(from, to) || held.length > 0) held.push(bytes);
      else this.#deliver(connection, bytes);
    });
    return true;
  }

  /** A connection between the two breaks in the midst of a frame. */
  reset(from: string, to: string): boolean {
    const connection = this.#between(from, to);
    if (connection === undefined) return false;
    const half = connection.held[0] ?? new Uint8Array(40);
    this.#enter(connection, half.subarray(0, half.length >> 1));
    this.close(connection);
    return true;
  }

  close(connection: Connection): void {
    if (!connection.isOpen) return;
    connection.isOpen = false;
    connection.held = [];
    this.#connections.delete(connection);
    const { incoming, outgoing } = connection;
    this.#queue.after(0, () => incoming.loop.enter(() => incoming.closed(connection)));
    if (outgoing === undefined) return;
    this.#queue.after(0, () => outgoing.loop.enter(() => outgoing.closed(connection)));
  }

  /** A hello on the way back. */
  answer(connection: Connection): void {
    const { outgoing, from, to } = connection;
    this.#queue.after(this.#delayMs(), () => {
      if (!this.#isCut(to, from)) outgoing?.loop.enter(() => outgoing.answered(connection));
    });
  }

  refuse(connection: Connection, code: string): void {
    const { outgoing, from, to } = connection;
    this.close(connection);
    if (outgoing === undefined) return;
    this.#queue.after(this.#delayMs(), () => {
      if (!this.#isCut(to, from)) outgoing.loop.enter(() => outgoing.refused(code));
    });
  }

  /** All connections of a process that died; who is cut off from it does not learn of it yet. */
  died(self: string): void {
    for (const connection of this.#connections) {
      const { from, to } = connection;
      if (from !== self && to !== self) continue;
      const hears = from === self ? this.#isCut(from, to) : this.#isCut(to, from);
      if (!hears) this.#queue.after(this.#delayMs(), () => this.close(connection));
    }
  }

  /** A frame that nobody in this cluster sent, from somebody who holds a member's key. */
  forge(from: string, to: string, frame: PeerFrame): string | undefined {
    const incoming = [...this.#listeners.values()].find(({ self }) => self === to);
    if (incoming === undefined || !incoming.loop.isAlive || incoming.loop.isPaused) return 'away';
    const connection = new Connection(from, incoming, undefined);
    incoming.accept(connection);
    return incoming.data(connection, encodePeerFrame(frame));
  }

  #release(connection: Connection): void {
    const { from, to, held } = connection;
    if (held.length === 0 || this.#isCut(from, to)) return;
    if (held.length > 1) this.#coverage.count('N11');
    connection.held = [];
    for (const bytes of held) {
      this.#queue.after(0, () => connection.isOpen && this.#deliver(connection, bytes));
    }
  }

  #deliver(connection: Connection, bytes: Uint8Array): void {
    connection.queuedBytes -= bytes.length;
    if (!connection.incoming.loop.isAlive) {
      this.close(connection);
      return;
    }
    const { corrupt } = this.#faults;
    const isHit = corrupt > 0 && this.#random.chance(corrupt);
    if (isHit) this.#coverage.count('N14');
    this.#enter(connection, isHit ? flipABit(bytes, this.#random) : bytes);
  }

  #enter(connection: Connection, bytes: Uint8Array): void {
    const { incoming } = connection;
    incoming.loop.enter(() => {
      incoming.data(connection, bytes);
    });
  }

  #between(from: string, to: string): Connection | undefined {
    for (const connection of this.#connections) {
      if (connection.from === from && connection.to === to) return connection;
    }
    return undefined;
  }

  #isCut(from: string, to: string): boolean {
    return this.#cut.size > 0 && this.#cut.has(linkOf(from, to));
  }

  #delayMs(): number {
    const { delayMeanMs, delaySpike, delaySpikeMs } = this.#faults;
    const delayMs = this.#random.exponential(delayMeanMs);
    if (delaySpike === 0 || !this.#random.chance(delaySpike)) return delayMs;
    this.#coverage.count('N2');
    return delayMs + this.#random.exponential(delaySpikeMs);
  }
}

function linkOf(from: string, to: string): string {
  return `${from}>${to}`;
}
