// Keeps presence in step between nodes: deltas once per turn, a lease every second, the full state
// when a node connects or asks because it missed something.

import type { Bytes } from '@rockpool/protocol';
import {
  decodeNodeMessage,
  encodeNodeMessage,
  type MeetingMessage,
  type NodeMessage,
  type PresenceMessage,
} from './node-messages.ts';
import { PRESENCE_RENEW_MS, Presence, type PresenceIdentity } from './presence.ts';

/** Leases are looked at twice as often as they are renewed. */
const TICK_MS = PRESENCE_RENEW_MS / 2;

export type NodeSignal = Extract<NodeMessage, { type: 'signal' }>;

export interface PresenceExchangePorts {
  readonly self: PresenceIdentity;
  /** False: not connected, or the peer's queue is full. */
  send(node: string, message: Bytes): boolean;
  /** Node ids that are connected now. */
  connected(): readonly string[];
  /** Pools (hex id) whose devices changed because of another node. */
  touched(pools: ReadonlySet<string>): void;
  signal(message: NodeSignal): void;
  meeting(node: string, message: MeetingMessage): void;
  /** A message that could not be read. */
  refused(node: string, code: string): void;
  /** Monotonic milliseconds. */
  nowMs(): number;
}

export class PresenceExchange {
  readonly presence: Presence;
  readonly #ports: PresenceExchangePorts;
  #flush: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  #renewedAtMs = Number.NEGATIVE_INFINITY;

  constructor(ports: PresenceExchangePorts) {
    this.#ports = ports;
    this.presence = new Presence(ports.self);
  }

  start(): void {
    this.#timer = setInterval(() => this.tick(), TICK_MS).unref();
    for (const node of this.#ports.connected()) this.nodeConnected(node);
  }

  stop(): void {
    clearInterval(this.#timer);
    clearImmediate(this.#flush);
  }

  /** Presence changed here: the others hear of it at the end of this turn. */
  changed(): void {
    this.#flush ??= setImmediate(() => this.#sendDeltas());
  }

  nodeConnected(node: string): void {
    this.#sendDeltas();
    this.#sendReset(node);
  }

  receive(node: string, bytes: Bytes): void {
    const decoded = decodeNodeMessage(bytes);
    if (!decoded.ok) {
      this.#ports.refused(node, decoded.code);
      return;
    }
    const message = decoded.value;
    if (message.type === 'signal') this.#ports.signal(message);
    else if (message.type === 'ask') this.nodeConnected(node);
    else if (isPresence(message)) this.#receivePresence(node, message);
    else this.#ports.meeting(node, message);
  }

  #receivePresence(node: string, message: PresenceMessage): void {
    const { touched, ask } = this.presence.receive(node, message, this.#ports.nowMs());
    if (ask) this.#ports.send(node, encodeNodeMessage({ v: 1, type: 'ask' }));
    if (touched.size > 0) this.#ports.touched(touched);
  }

  /** Renews the own lease and drops the devices of nodes that did not renew theirs. */
  tick(): void {
    const nowMs = this.#ports.nowMs();
    const touched = this.presence.expire(nowMs);
    if (touched.size > 0) this.#ports.touched(touched);
    if (nowMs - this.#renewedAtMs < PRESENCE_RENEW_MS) return;
    this.#renewedAtMs = nowMs;
    this.#sendDeltas();
    this.#broadcast(this.presence.lease());
  }

  // A delta that a node does not get shows up at its next lease, and it asks for everything.
  #sendDeltas(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    for (const message of this.presence.takeDeltas()) this.#broadcast(message);
  }

  #sendReset(node: string): void {
    for (const message of this.presence.reset()) {
      if (!this.#ports.send(node, encodeNodeMessage(message))) return;
    }
  }

  #broadcast(message: NodeMessage): void {
    const bytes = encodeNodeMessage(message);
    for (const node of this.#ports.connected()) this.#ports.send(node, bytes);
  }
}

function isPresence(message: PresenceMessage | MeetingMessage): message is PresenceMessage {
  return message.type === 'reset' || message.type === 'delta' || message.type === 'lease';
}
