// Enough of a cluster for tests of clients, in memory: it judges and keeps chains with the product's
// verifier, tells presence, and passes signals on. Nodes can stop and come back.

import { randomBytes } from 'node:crypto';
import {
  type Bytes,
  encodeCbor,
  equalBytes,
  findMember,
  judgePool,
  judgeUser,
  type NodeState,
  type PoolState,
  peekPoolStatement,
  peekUserStatement,
  type Ref,
  type Result,
  refuse,
  type ServerFrame,
  type StoredLink,
  toHex,
  type UserState,
} from '@rockpool/protocol';
import { verifyChecks } from '@rockpool/protocol/testing';
import { FakeGrace } from './fake-grace.ts';
import { FakeMeetings } from './fake-meetings.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface KeptChain<State> {
  readonly ref: Ref;
  readonly links: StoredLink[];
  readonly states: State[];
}

export interface FakeNode {
  readonly id: Bytes;
  readonly name: string;
  up: boolean;
}

/** A node's end of one client's socket, as the cluster sees it. */
export interface ClusterSocket {
  readonly node: FakeNode;
  readonly owner: object;
  readonly user: Ref | undefined;
  readonly device: Bytes | undefined;
  readonly watched: readonly Ref[];
  push(frame: ServerFrame): void;
  /** Bytes as they are, for servers that break the protocol itself. */
  pushBytes(bytes: Bytes): void;
  tellPresence(): void;
  /** The node died. */
  break(): void;
  close(): void;
}

export const FAKE_ORIGIN = 'https://pool.example';
export const FAKE_RP_ID = 'pool.example';

export class FakeCluster {
  readonly time: VirtualTime;
  readonly realm = new Uint8Array(randomBytes(32));
  readonly id = new Uint8Array(randomBytes(16));
  readonly adminToken = new Uint8Array(randomBytes(32));
  readonly nodes: readonly FakeNode[];
  readonly users = new Map<string, KeptChain<UserState>>();
  readonly pools = new Map<string, KeptChain<PoolState>>();
  readonly sockets = new Set<ClusterSocket>();
  readonly meetings = new FakeMeetings();
  grace: FakeGrace | undefined;
  claimed = false;
  /** TURN servers that devices of accounts are told of. */
  relays: () => Omit<Extract<ServerFrame, { type: 'relays' }>, 'type' | 're'> = () => {
    return { urls: [], username: '', credential: '' };
  };
  /** What a hostile server would answer or pass on instead; undefined swallows it. */
  tamper: (frame: ServerFrame, to: ClusterSocket) => ServerFrame | undefined = (frame) => frame;
  /** All bytes that any node has seen. */
  readonly seen: Bytes[] = [];

  constructor(time: VirtualTime, nodeCount = 3) {
    this.time = time;
    this.nodes = Array.from({ length: nodeCount }, (_, i) => ({
      id: new Uint8Array(randomBytes(16)),
      name: `${i + 1}`,
      up: true,
    }));
  }

  nodeStates(): readonly NodeState[] {
    return this.nodes.map(({ id, name, up }) => ({ id, name, up: up ? 1 : 0 }));
  }

  stop(name: string): void {
    this.#set(name, false);
    for (const socket of [...this.sockets]) if (socket.node.name === name) socket.break();
    this.#tellNodes();
  }

  start(name: string): void {
    this.#set(name, true);
    this.#tellNodes();
  }

  stopAll(): void {
    for (const { name } of this.nodes) this.stop(name);
  }

  startAll(): void {
    for (const { name } of this.nodes) this.start(name);
  }

  /** As out of a backup: chains are as long as `lengths` says (by id in hex), or gone; else as they are. */
  restore(lengths: ReadonlyMap<string, number>, graceMs: number): void {
    this.stopAll();
    for (const chains of [this.users, this.pools]) {
      for (const [id, chain] of chains) {
        const length = lengths.get(id) ?? chain.links.length;
        chain.links.splice(length);
        chain.states.splice(length);
        if (length === 0) chains.delete(id);
      }
    }
    const chains = { user: this.users, pool: this.pools };
    this.grace = new FakeGrace(this.time.nowMs() + graceMs, chains);
    this.startAll();
  }

  endGrace(): void {
    for (const envelope of this.grace?.settled('user') ?? []) this.#must(this.appendUser(envelope));
    for (const envelope of this.grace?.settled('pool') ?? []) this.#must(this.appendPool(envelope));
    this.grace = undefined;
  }

  #must(done: Result<unknown>): void {
    if (!done.ok) throw new Error(`${done.code}: ${done.detail}`);
  }

  /** The owner's machine lost power; its node notices that the socket is gone. */
  vanish(owner: object): void {
    for (const socket of [...this.sockets]) if (socket.owner === owner) socket.close();
  }

  appendUser(envelope: Bytes): Result<{ head: readonly [number, Bytes]; time: number }> {
    const peeked = peekUserStatement(envelope);
    if (!peeked.ok) return peeked;
    const id = toHex(peeked.value.user[1]);
    const chain = this.users.get(id) ?? { ref: peeked.value.user, links: [], states: [] };
    const time = this.time.nowMs();
    const judged = judgeUser(chain.states.at(-1), envelope, time);
    if (!judged.ok) return judged;
    if (!verifyChecks(judged.value.checks)) return refuse('CHAIN_SIGNATURE', 'does not hold');
    this.users.set(id, chain);
    return this.#keep('user', chain, judged.value, { envelope, time });
  }

  appendPool(envelope: Bytes): Result<{ head: readonly [number, Bytes]; time: number }> {
    const peeked = peekPoolStatement(envelope);
    if (!peeked.ok) return peeked;
    const { pool, author } = peeked.value;
    const state = this.users.get(toHex(author.user[1]))?.states[author.head[0]];
    if (state === undefined) return refuse('CHAIN_STALE', 'unknown author');
    const id = toHex(pool[1]);
    const chain = this.pools.get(id) ?? { ref: pool, links: [], states: [] };
    const time = this.time.nowMs();
    const judged = judgePool(chain.states.at(-1), envelope, time, state);
    if (!judged.ok) return judged;
    if (!verifyChecks(judged.value.checks)) return refuse('CHAIN_SIGNATURE', 'does not hold');
    this.pools.set(id, chain);
    return this.#keep('pool', chain, judged.value, { envelope, time });
  }

  poolsOf(user: Ref): readonly Ref[] {
    return [...this.pools.values()].filter((chain) => this.#has(chain, user)).map(({ ref }) => ref);
  }

  isMember(pool: Ref, user: Ref): boolean {
    const chain = this.pools.get(toHex(pool[1]));
    return chain !== undefined && this.#has(chain, user);
  }

  share(a: Ref, b: Ref): boolean {
    return [...this.pools.values()].some((chain) => this.#has(chain, a) && this.#has(chain, b));
  }

  userByHandle(handle: Bytes): KeptChain<UserState> | undefined {
    return [...this.users.values()].find((chain) => {
      const state = chain.states[0];
      return state !== undefined && equalBytes(state.handle, handle);
    });
  }

  tellPresence(): void {
    for (const socket of this.sockets) socket.tellPresence();
  }

  #has(chain: KeptChain<PoolState>, user: Ref): boolean {
    const state = chain.states.at(-1);
    return state !== undefined && findMember(state, user) !== undefined;
  }

  #keep<S>(
    name: 'user' | 'pool',
    chain: KeptChain<S>,
    judged: { state: S; seq: number; hash: Bytes },
    link: StoredLink,
  ): Result<{ head: readonly [number, Bytes]; time: number }> {
    chain.links.push(link);
    chain.states.push(judged.state);
    const head = [judged.seq, judged.hash] as const;
    for (const socket of this.sockets) {
      if (socket.user !== undefined) {
        socket.push({ type: 'changed', chain: name, ref: chain.ref, head });
      }
    }
    return { ok: true, value: { head, time: link.time } };
  }

  #set(name: string, up: boolean): void {
    for (const node of this.nodes) if (node.name === name) node.up = up;
  }

  #tellNodes(): void {
    for (const socket of this.sockets) socket.push({ type: 'nodes', nodes: this.nodeStates() });
    this.tellPresence();
  }

  record(bytes: Bytes): void {
    this.seen.push(bytes);
  }

  encode(frame: ServerFrame): Bytes {
    return encodeCbor(frame);
  }
}
