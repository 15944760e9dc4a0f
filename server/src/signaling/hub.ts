// The signaling hub: which sockets watch which pools, who is online there, and the way of a sealed
// signal from one device to another, on this node or the next. Nothing here is stored or replicated.

import {
  accept,
  type Bytes,
  type ClientFrame,
  encodeCbor,
  equalBytes,
  type Head,
  type NodeState,
  PRESENCE_DEVICES_MAX,
  type Ref,
  type Result,
  refuse,
  type ServerFrame,
  slotOf,
  toHex,
} from '@rockpool/protocol';
import { encodeNodeMessage } from './node-messages.ts';
import type { NodeSignal, PresenceExchange } from './presence-exchange.ts';
import { type HubSocket, type Members, WatchedPool } from './watched-pool.ts';

/** This node's applied state, as far as the hub needs it. No quorum. */
export interface HubDirectory {
  /** User ids (hex) of a pool's members; undefined for an unknown pool. */
  poolMembers(pool: Ref): Promise<Members | undefined>;
  /** Is it a device of any member? Looked up only for signals that found nobody. */
  poolHasDevice(pool: Ref, device: Bytes): Promise<boolean>;
  deviceActive(user: Ref, device: Bytes): Promise<boolean>;
  /** Waits a moment for what other nodes have committed; resolves in any case. */
  catchUp(pool: Ref): Promise<void>;
}

export interface HubPorts {
  readonly directory: HubDirectory;
  /** Id (hex) of this node. */
  readonly self: string;
  send(node: string, message: Bytes): boolean;
  nodeName(node: string): string;
  relayed(route: 'local' | 'remote', bodyBytes: number): void;
  /** Wall clock in milliseconds; orders the sockets of one device across nodes. */
  nowMs(): number;
}

type SignalFrame = Extract<ClientFrame, { type: 'signal' }>;

export class SignalingHub {
  readonly #ports: HubPorts;
  readonly #exchange: PresenceExchange;
  readonly #pools = new Map<string, WatchedPool>();
  readonly #watching = new Map<HubSocket, ReadonlyMap<string, WatchedPool>>();

  constructor(ports: HubPorts, exchange: PresenceExchange) {
    this.#ports = ports;
    this.#exchange = exchange;
  }

  attach(socket: HubSocket): void {
    this.#watching.set(socket, new Map());
  }

  watchedBy(socket: HubSocket): readonly Ref[] {
    return [...(this.#watching.get(socket)?.values() ?? [])].map(({ ref }) => ref);
  }

  detach(socket: HubSocket): void {
    for (const pool of this.#watching.get(socket)?.values() ?? []) this.#leave(socket, pool);
    this.#watching.delete(socket);
  }

  /** Replaces the pools that a socket watches; all of them or none. */
  async watch(socket: HubSocket, refs: readonly Ref[]): Promise<Result<void>> {
    const held: WatchedPool[] = [];
    try {
      for (const [i, ref] of refs.entries()) {
        const unknown = refuse('CHAIN_UNKNOWN', `pools[${i}]`);
        if (slotOf(ref[1]) !== ref[0]) return unknown;
        const pool = this.#hold(ref);
        held.push(pool);
        if (!(await this.#mayWatch(socket, pool))) return unknown;
      }
      this.#replaceWatched(socket, held);
      return accept(undefined);
    } finally {
      for (const pool of held) this.#release(pool);
    }
  }

  /** Passes a sealed body on. The sender must watch the pool: that is where membership is judged. */
  async signal(socket: HubSocket, frame: SignalFrame): Promise<Result<void>> {
    const pool = this.#watching.get(socket)?.get(toHex(frame.pool[1]));
    if (pool === undefined) return refuse('SIGNAL_NOT_MEMBER', 'not watching this pool');
    const target = this.#exchange.presence.find(pool.ref, frame.to);
    if (target === undefined || !pool.hasMember(target.user)) {
      const { directory, nowMs } = this.#ports;
      const known = !pool.mayLookUp(nowMs()) || (await directory.poolHasDevice(pool.ref, frame.to));
      return known
        ? refuse('SIGNAL_OFFLINE', 'not connected')
        : refuse('SIGNAL_NOT_MEMBER', 'no device of this pool');
    }
    const { pool: ref, to, body } = frame;
    const message = { v: 1, type: 'signal', pool: ref, user: socket.user, to, body } as const;
    const signal: NodeSignal = { ...message, from: socket.device };
    const local = target.node === this.#ports.self;
    const sent = local
      ? this.deliver(signal)
      : this.#ports.send(target.node, encodeNodeMessage(signal));
    if (!sent) return refuse('SIGNAL_OFFLINE', 'its node cannot be reached');
    this.#ports.relayed(local ? 'local' : 'remote', body.length);
    return accept(undefined);
  }

  /** Hands a signal to a socket of this node. False when the device is not here. */
  deliver(signal: NodeSignal): boolean {
    const pool = this.#pools.get(toHex(signal.pool[1]));
    const socket = pool?.socketOf(signal.to);
    if (socket === undefined || pool?.hasMember(signal.user) !== true) return false;
    const { user, from, body } = signal;
    socket.push(encodeFrame({ type: 'signal', pool: signal.pool, user, from, body }));
    return true;
  }

  presenceTouched(pools: ReadonlySet<string>): void {
    for (const key of pools) this.#schedulePush(this.#pools.get(key));
  }

  /** A link was added to a pool's chain. */
  async poolChanged(ref: Ref, head: Head): Promise<void> {
    const pool = this.#pools.get(toHex(ref[1]));
    if (pool === undefined) return;
    pool.changed();
    await pool.load((wanted) => this.#ports.directory.poolMembers(wanted));
    for (const socket of pool.sockets()) {
      if (!pool.hasMember(socket.user)) this.#dropWatch(socket, pool);
    }
    const frame = encodeFrame({ type: 'changed', chain: 'pool', ref, head });
    for (const socket of pool.sockets()) socket.push(frame);
    // A new member may have come online at another node before this one knew of the join.
    this.#schedulePush(pool);
  }

  /** A link was added to a user's chain, or the account went away (no head). */
  async userChanged(ref: Ref, head: Head | undefined): Promise<void> {
    const told = new Set<HubSocket>();
    for (const pool of this.#pools.values()) {
      if (pool.hasMember(ref)) for (const socket of pool.sockets()) told.add(socket);
    }
    for (const socket of this.#watching.keys()) {
      if (!equalBytes(socket.user[1], ref[1])) continue;
      told.add(socket);
      if (!(await this.#ports.directory.deviceActive(ref, socket.device))) {
        socket.end('AUTH_DEVICE_UNKNOWN');
      }
    }
    if (head === undefined) return;
    const frame = encodeFrame({ type: 'changed', chain: 'user', ref, head });
    for (const socket of told) socket.push(frame);
  }

  /** A user has a pool that devices other than the joining one do not know of yet. */
  poolGained(user: Ref, pool: Ref, head: Head): void {
    const frame = encodeFrame({ type: 'changed', chain: 'pool', ref: pool, head });
    for (const [socket, watched] of this.#watching) {
      const theirs = equalBytes(socket.user[1], user[1]);
      if (theirs && !watched.has(toHex(pool[1]))) socket.push(frame);
    }
  }

  /** A device of the user has gone to meet a new one: every device of theirs hears of it. */
  userMeets(user: Ref, device: Bytes): void {
    const frame = encodeFrame({ type: 'meets', device });
    for (const socket of this.#watching.keys()) {
      if (equalBytes(socket.user[1], user[1])) socket.push(frame);
    }
  }

  /** Chains grew here without a word for each: sockets go elsewhere and ask anew. */
  stateReplaced(): void {
    for (const socket of this.#watching.keys()) socket.end('CLUSTER_DRAINING');
  }

  /** Nodes came or went. */
  nodesChanged(nodes: readonly NodeState[]): void {
    const frame = encodeFrame({ type: 'nodes', nodes });
    for (const socket of this.#watching.keys()) socket.push(frame);
  }

  stop(): void {
    for (const pool of this.#pools.values()) pool.close();
  }

  // Held pools stay in the table while somebody waits for their members, so that there is one
  // object for each pool and no change is missed.
  #hold(ref: Ref): WatchedPool {
    const key = toHex(ref[1]);
    const pool = this.#pools.get(key) ?? new WatchedPool(ref);
    this.#pools.set(key, pool);
    pool.holders += 1;
    return pool;
  }

  #release(pool: WatchedPool): void {
    pool.holders -= 1;
    this.#closeIfUnused(pool);
  }

  async #mayWatch(socket: HubSocket, pool: WatchedPool): Promise<boolean> {
    const read = (wanted: Ref) => this.#ports.directory.poolMembers(wanted);
    if (pool.members === undefined) await pool.load(read);
    if (pool.hasMember(socket.user)) return true;
    // The join may have been committed through another node a moment ago.
    await this.#ports.directory.catchUp(pool.ref);
    await pool.load(read);
    return pool.hasMember(socket.user);
  }

  #replaceWatched(socket: HubSocket, pools: readonly WatchedPool[]): void {
    const watched = this.#watching.get(socket);
    if (watched === undefined) return; // closed meanwhile
    const wanted = new Map(pools.map((pool) => [toHex(pool.ref[1]), pool]));
    for (const [key, pool] of watched) if (!wanted.has(key)) this.#leave(socket, pool);
    const nowMs = this.#ports.nowMs();
    for (const [key, pool] of wanted) {
      if (!watched.has(key)) this.#enter(socket, pool, nowMs);
      socket.push(this.#presenceFrame(pool));
    }
    this.#watching.set(socket, wanted);
  }

  #enter(socket: HubSocket, pool: WatchedPool, nowMs: number): void {
    pool.add(socket);
    this.#exchange.presence.enter(pool.ref, socket.user, socket.device, nowMs);
    this.#exchange.changed();
    this.#schedulePush(pool);
  }

  #leave(socket: HubSocket, pool: WatchedPool): void {
    if (pool.remove(socket)) {
      this.#exchange.presence.leave(pool.ref, socket.device);
      this.#exchange.changed();
      this.#schedulePush(pool);
    }
    this.#closeIfUnused(pool);
  }

  #dropWatch(socket: HubSocket, pool: WatchedPool): void {
    const rest = new Map(this.#watching.get(socket));
    rest.delete(toHex(pool.ref[1]));
    this.#watching.set(socket, rest);
    this.#leave(socket, pool);
  }

  #closeIfUnused(pool: WatchedPool): void {
    if (!pool.empty || pool.holders > 0) return;
    pool.close();
    this.#pools.delete(toHex(pool.ref[1]));
  }

  #schedulePush(pool: WatchedPool | undefined): void {
    if (pool === undefined || pool.empty) return;
    const devices = this.#exchange.presence.devices(pool.ref).length;
    pool.schedule(this.#ports.nowMs(), devices, () => {
      const frame = this.#presenceFrame(pool);
      for (const socket of pool.sockets()) socket.push(frame);
    });
  }

  #presenceFrame(pool: WatchedPool): Bytes {
    const present = this.#exchange.presence.devices(pool.ref);
    const members = present.filter(({ user }) => pool.hasMember(user));
    const devices = members.slice(0, PRESENCE_DEVICES_MAX).map(({ user, device, node }) => {
      return { user, device, node: this.#ports.nodeName(node) };
    });
    return encodeFrame({ type: 'presence', pool: pool.ref, devices });
  }
}

function encodeFrame(frame: ServerFrame): Bytes {
  return encodeCbor(frame);
}
