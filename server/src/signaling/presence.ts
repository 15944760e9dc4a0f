// Who is online in which pool. A node is the only truth for its own sockets; what it hears from
// another node it holds under that node's (incarnation, boot) and only while the lease is renewed,
// so that the devices of a dead or paused node vanish by themselves. Pure: time comes in as a number.

import { type Bytes, equalBytes, type Ref, toHex } from '@rockpool/protocol';
import {
  type ChangeEntry,
  type NodeMessage,
  type OnlineEntry,
  PRESENCE_ENTRIES_PER_MESSAGE_MAX,
  type PresenceMessage,
  RESET_PARTS_MAX,
} from './node-messages.ts';

export const PRESENCE_LEASE_MS = 3000;
/** How often a node renews its lease at the others: two may be lost. */
export const PRESENCE_RENEW_MS = 1000;
/** A node is asked for its full state at most this often. */
export const PRESENCE_ASK_GAP_MS = 500;
const ENTRIES_PER_NODE_MAX = PRESENCE_ENTRIES_PER_MESSAGE_MAX * RESET_PARTS_MAX;

export interface PresentDevice {
  readonly user: Ref;
  readonly device: Bytes;
  readonly sinceMs: number;
  /** Node id (hex) that holds the socket. */
  readonly node: string;
}

export interface PresenceIdentity {
  /** Node id, hex. */
  readonly node: string;
  readonly incarnation: Bytes;
  readonly boot: number;
}

export interface Received {
  /** Pools (hex id) whose set of devices may have changed. */
  readonly touched: ReadonlySet<string>;
  /** Send an `ask` to the node the message came from. */
  readonly ask: boolean;
}

type Pools = Map<string, Map<string, OnlineEntry>>;

interface RemoteNode {
  incarnation: Bytes;
  boot: number;
  seq: number;
  leaseUntilMs: number;
  pools: Pools;
  entries: number;
}

interface Staging {
  readonly boot: number;
  readonly seq: number;
  next: number;
  readonly devices: OnlineEntry[];
}

const NOTHING: ReadonlySet<string> = new Set();

export class Presence {
  readonly #self: PresenceIdentity;
  readonly #local: Pools = new Map();
  readonly #remote = new Map<string, RemoteNode>();
  readonly #staging = new Map<string, Staging>();
  readonly #askedAtMs = new Map<string, number>();
  #pending: ChangeEntry[] = [];
  #seq = 0;

  constructor(self: PresenceIdentity) {
    this.#self = self;
  }

  /** A device of this node came online in a pool (again: its newest socket counts). */
  enter(pool: Ref, user: Ref, device: Bytes, sinceMs: number): void {
    put(this.#local, [pool, user, device, sinceMs]);
    this.#pending.push([pool, user, device, sinceMs, 1]);
  }

  /** The last socket of a device of this node left a pool. */
  leave(pool: Ref, device: Bytes): void {
    const gone = remove(this.#local, pool, device);
    if (gone !== undefined) this.#pending.push([...gone, 0]);
  }

  /** The changes since the last call, as messages for every other node. */
  takeDeltas(): readonly NodeMessage[] {
    const messages: NodeMessage[] = [];
    for (const changes of chunks(this.#pending)) {
      this.#seq += 1;
      messages.push({ v: 1, type: 'delta', ...this.#source(), seq: this.#seq, changes });
    }
    this.#pending = [];
    return messages;
  }

  lease(): NodeMessage {
    return { v: 1, type: 'lease', ...this.#source(), seq: this.#seq };
  }

  /** Everything online here. Take the deltas first: a reset stands for all of them. */
  reset(): readonly NodeMessage[] {
    const all = [...this.#local.values()].flatMap((devices) => [...devices.values()]);
    const parts = chunks(all);
    if (parts.length === 0) parts.push([]);
    const shared = { v: 1, type: 'reset', ...this.#source(), seq: this.#seq } as const;
    return parts.map((devices, part) => ({ ...shared, part, parts: parts.length, devices }));
  }

  receive(node: string, message: PresenceMessage, nowMs: number): Received {
    if (message.type === 'reset') return this.#receiveReset(node, message, nowMs);
    const held = this.#remote.get(node);
    const expected = held === undefined ? -1 : held.seq + (message.type === 'delta' ? 1 : 0);
    const fits =
      held !== undefined &&
      held.leaseUntilMs > nowMs &&
      held.boot === message.boot &&
      equalBytes(held.incarnation, message.incarnation) &&
      message.seq === expected;
    if (!fits) return { touched: NOTHING, ask: this.#mayAsk(node, nowMs) };
    held.leaseUntilMs = nowMs + PRESENCE_LEASE_MS;
    if (message.type === 'lease') return { touched: NOTHING, ask: false };
    held.seq = message.seq;
    const touched = new Set<string>();
    for (const change of message.changes) applyChange(held, change, touched);
    return { touched, ask: false };
  }

  /** Drops nodes whose lease ran out; answers the pools that lost devices. */
  expire(nowMs: number): ReadonlySet<string> {
    const touched = new Set<string>();
    for (const [node, held] of this.#remote) {
      if (held.leaseUntilMs > nowMs) continue;
      this.#remote.delete(node);
      for (const pool of held.pools.keys()) touched.add(pool);
    }
    return touched;
  }

  /** Every device online in a pool once: where it showed up last. */
  devices(pool: Ref): readonly PresentDevice[] {
    const key = toHex(pool[1]);
    const found = new Map<string, PresentDevice>();
    for (const [node, pools] of this.#holders()) {
      for (const [id, entry] of pools.get(key) ?? []) {
        const other = found.get(id);
        if (other !== undefined && !newer(entry[3], node, other)) continue;
        found.set(id, { user: entry[1], device: entry[2], sinceMs: entry[3], node });
      }
    }
    return [...found.values()];
  }

  /** Where a device is online in a pool. */
  find(pool: Ref, device: Bytes): PresentDevice | undefined {
    const id = toHex(device);
    const key = toHex(pool[1]);
    let found: PresentDevice | undefined;
    for (const [node, pools] of this.#holders()) {
      const entry = pools.get(key)?.get(id);
      if (entry === undefined) continue;
      if (found !== undefined && !newer(entry[3], node, found)) continue;
      found = { user: entry[1], device: entry[2], sinceMs: entry[3], node };
    }
    return found;
  }

  /** Pool memberships online, for metrics. */
  counts(): { readonly local: number; readonly remote: number } {
    let local = 0;
    let remote = 0;
    for (const devices of this.#local.values()) local += devices.size;
    for (const held of this.#remote.values()) remote += held.entries;
    return { local, remote };
  }

  #receiveReset(
    node: string,
    message: Extract<PresenceMessage, { type: 'reset' }>,
    nowMs: number,
  ): Received {
    const { boot, seq, incarnation } = message;
    if (message.part === 0) this.#staging.set(node, { boot, seq, next: 0, devices: [] });
    const staging = this.#staging.get(node);
    const continues =
      staging?.boot === boot && staging.seq === seq && staging.next === message.part;
    if (staging === undefined || !continues || message.part >= message.parts) {
      this.#staging.delete(node);
      return { touched: NOTHING, ask: this.#mayAsk(node, nowMs) };
    }
    staging.next += 1;
    staging.devices.push(...message.devices);
    if (staging.next < message.parts) return { touched: NOTHING, ask: false };
    this.#staging.delete(node);
    const touched = new Set(this.#remote.get(node)?.pools.keys() ?? []);
    const leaseUntilMs = nowMs + PRESENCE_LEASE_MS;
    const held: RemoteNode = { incarnation, boot, seq, leaseUntilMs, pools: new Map(), entries: 0 };
    for (const entry of staging.devices) applyChange(held, [...entry, 1], touched);
    this.#remote.set(node, held);
    return { touched, ask: false };
  }

  #mayAsk(node: string, nowMs: number): boolean {
    const askedAtMs = this.#askedAtMs.get(node);
    if (askedAtMs !== undefined && nowMs - askedAtMs < PRESENCE_ASK_GAP_MS) return false;
    this.#askedAtMs.set(node, nowMs);
    return true;
  }

  #holders(): readonly (readonly [string, Pools])[] {
    const remote = [...this.#remote].map(([node, held]) => [node, held.pools] as const);
    return [[this.#self.node, this.#local], ...remote];
  }

  #source(): { readonly incarnation: Bytes; readonly boot: number } {
    return { incarnation: this.#self.incarnation, boot: this.#self.boot };
  }
}

function newer(sinceMs: number, node: string, other: PresentDevice): boolean {
  return sinceMs > other.sinceMs || (sinceMs === other.sinceMs && node > other.node);
}

function applyChange(held: RemoteNode, change: ChangeEntry, touched: Set<string>): void {
  const [pool, user, device, sinceMs, up] = change;
  touched.add(toHex(pool[1]));
  if (up === 0) {
    if (remove(held.pools, pool, device) !== undefined) held.entries -= 1;
  } else if (held.entries < ENTRIES_PER_NODE_MAX) {
    if (put(held.pools, [pool, user, device, sinceMs])) held.entries += 1;
  }
}

/** True when the device was not there before. */
function put(pools: Pools, entry: OnlineEntry): boolean {
  const key = toHex(entry[0][1]);
  let devices = pools.get(key);
  if (devices === undefined) {
    devices = new Map();
    pools.set(key, devices);
  }
  const before = devices.size;
  devices.set(toHex(entry[2]), entry);
  return devices.size > before;
}

function remove(pools: Pools, pool: Ref, device: Bytes): OnlineEntry | undefined {
  const key = toHex(pool[1]);
  const devices = pools.get(key);
  const id = toHex(device);
  const entry = devices?.get(id);
  devices?.delete(id);
  if (devices?.size === 0) pools.delete(key);
  return entry;
}

function chunks<T>(items: readonly T[]): T[][] {
  const parts: T[][] = [];
  for (let from = 0; from < items.length; from += PRESENCE_ENTRIES_PER_MESSAGE_MAX) {
    parts.push(items.slice(from, from + PRESENCE_ENTRIES_PER_MESSAGE_MAX));
  }
  return parts;
}
