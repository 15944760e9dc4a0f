// All chains that this device follows: fetched, verified link by link, pinned, never taken back.
// One refresh per chain at a time; a contradiction is kept as evidence and never healed silently.

import {
  type Bytes,
  bytesUpTo,
  decodeCbor,
  ENVELOPE_BYTES_MAX,
  encodeCbor,
  equalBytes,
  equalRefs,
  type Head,
  map,
  type Ref,
  type Refusal,
  type Result,
  refShape,
  refuse,
  type ServerFrame,
  type SignatureCheck,
  type StoredLink,
  toHex,
  type UserState,
  uint,
} from '@rockpool/protocol';
import type { CryptoPort, StorePort } from '../ports.ts';
import { type ChainName, rowKeys } from '../store/row-keys.ts';
import type { RowWriter } from '../store/row-writer.ts';
import { type Ask, type Fetched, fetchLinks } from './fetch-links.ts';
import {
  type AuthorAt,
  type Extension,
  extendPool,
  extendUser,
  newest,
  type PoolChain,
  type UserChain,
} from './held-chain.ts';

export interface ChainsHost {
  readonly crypto: CryptoPort;
  readonly store: StorePort;
  readonly writer: RowWriter;
  readonly ask: Ask;
  /** A chain grew, or was found forked. */
  onChanged(name: ChainName, ref: Ref): void;
}

export type Refreshed = 'ok' | 'behind' | 'offline' | Refusal;

const ROW_BYTES_MAX = 16 * 1024;

export class Chains {
  readonly #host: ChainsHost;
  readonly #users = new Map<string, UserChain>();
  readonly #pools = new Map<string, PoolChain>();
  readonly #forked = new Set<string>();
  /** Of chains of which the servers have less than this device, or nothing that they show. */
  readonly #serversAt = new Map<string, Head | 'unknown'>();
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor(host: ChainsHost) {
    this.#host = host;
  }

  user(ref: Ref): UserChain | undefined {
    return this.#users.get(toHex(ref[1]));
  }

  pool(ref: Ref): PoolChain | undefined {
    return this.#pools.get(toHex(ref[1]));
  }

  poolRefs(): readonly Ref[] {
    return [...this.#pools.values()].map((chain) => chain.ref);
  }

  /** Where the servers' chain stands, if they lack links that are held here. */
  serversAt(name: ChainName, ref: Ref): Head | 'unknown' | undefined {
    return this.#serversAt.get(`${name}/${toHex(ref[1])}`);
  }

  forked(name: ChainName, ref: Ref): boolean {
    return this.#forked.has(`${name}/${toHex(ref[1])}`);
  }

  /** What this device stored has been verified by it before; it is judged again, not re-verified. */
  async load(): Promise<void> {
    const trusted = async () => true;
    for (const [key, row] of await this.#host.store.list(rowKeys.chains('user'))) {
      const held = this.#loaded(this.#users, key, row);
      if (held !== undefined) await extendUser(held.chain, [held.link], trusted);
    }
    for (const [key, row] of await this.#host.store.list(rowKeys.chains('pool'))) {
      const held = this.#loaded(this.#pools, key, row);
      const authorAt: AuthorAt = async (user, head) => this.#stateAt(user, head);
      if (held !== undefined) await extendPool(held.chain, [held.link], trusted, authorAt);
    }
    for (const chains of [this.#users, this.#pools]) {
      for (const [id, chain] of chains) if (chain.states.length === 0) chains.delete(id);
    }
    for (const [key] of await this.#host.store.list(rowKeys.forks)) {
      this.#forked.add(key.slice(rowKeys.forks.length));
    }
  }

  #loaded<C extends UserChain | PoolChain>(chains: Map<string, C>, key: string, row: Bytes) {
    const [, , id = ''] = key.split('/');
    const decoded = decodeCbor(row, chainRowShape, ROW_BYTES_MAX);
    if (!decoded.ok) return undefined;
    const { ref, ...link } = decoded.value;
    let chain = chains.get(id);
    if (chain === undefined) {
      chain = { ref, links: [], states: [] } as unknown as C;
      chains.set(id, chain);
    }
    return { chain, link };
  }

  /** Reads what is new of a user's chain. `first` is a page that came without being fetched. */
  refreshUser(ref: Ref, ask = this.#host.ask, first?: ServerFrame): Promise<Refreshed> {
    return this.#serial(`user/${toHex(ref[1])}`, async () => {
      const held = this.user(ref);
      const chain: UserChain = held ?? { ref, links: [], states: [] };
      const fetched = await fetchLinks(ask, 'user', ref, seqOf(held), first);
      this.#noteServers('user', ref, held, fetched);
      if (fetched === 'offline' || !fetched.ok) return fetched;
      const before = chain.links.length;
      const extension = await extendUser(chain, fetched.value, this.#verify);
      if (chain.states.length > 0) this.#users.set(toHex(ref[1]), chain);
      return this.#keep('user', chain, before, extension);
    });
  }

  /** Reads what is new of a pool's chain, and of its members' chains as far as it cites them. */
  refreshPool(ref: Ref, ask = this.#host.ask, first?: ServerFrame): Promise<Refreshed> {
    return this.#serial(`pool/${toHex(ref[1])}`, async () => {
      const held = this.pool(ref);
      const chain: PoolChain = held ?? { ref, links: [], states: [] };
      const fetched = await fetchLinks(ask, 'pool', ref, first ? 0 : seqOf(held), first);
      this.#noteServers('pool', ref, held, fetched);
      if (fetched === 'offline' || !fetched.ok) return fetched;
      const authorAt: AuthorAt = async (user, head) => {
        if (this.#stateAt(user, head) === undefined) await this.refreshUser(user, ask);
        return this.#stateAt(user, head);
      };
      const before = chain.links.length;
      const extension = await extendPool(chain, fetched.value, this.#verify, authorAt);
      if (chain.states.length > 0) this.#pools.set(toHex(ref[1]), chain);
      return this.#keep('pool', chain, before, extension);
    });
  }

  /** A link that a node accepted from us: taken over without asking for it again. */
  async accepted(name: ChainName, ref: Ref, link: StoredLink): Promise<void> {
    await this.#serial(`${name}/${toHex(ref[1])}`, async () => {
      const own = { ref, links: [], states: [] };
      const trusted = async () => true;
      if (name === 'user') {
        const chain: UserChain = this.user(ref) ?? own;
        const before = chain.links.length;
        const extension = await extendUser(chain, [link], trusted);
        if (chain.states.length > 0) this.#users.set(toHex(ref[1]), chain);
        await this.#keep(name, chain, before, extension);
      } else {
        const chain: PoolChain = this.pool(ref) ?? own;
        const authorAt: AuthorAt = async (user, head) => this.#stateAt(user, head);
        const before = chain.links.length;
        const extension = await extendPool(chain, [link], trusted, authorAt);
        if (chain.states.length > 0) this.#pools.set(toHex(ref[1]), chain);
        await this.#keep(name, chain, before, extension);
      }
    });
  }

  /**
   * A member's device told which head of the pool it knows. Another hash at a held seq is only its
   * word: a link with its signatures would be a second history, a bare hash anybody can make up.
   */
  peerHead(ref: Ref, head: Head): 'same' | 'older' | 'newer' | 'other' {
    const chain = this.pool(ref);
    const state = chain?.states[head[0]];
    if (chain === undefined || state === undefined) return 'newer';
    if (!equalBytes(state.head, head[1])) return 'other';
    return head[0] === newest(chain).seq ? 'same' : 'older';
  }

  readonly #verify = async (checks: readonly SignatureCheck[]): Promise<boolean> => {
    const { crypto } = this.#host;
    const verdicts = await Promise.all(
      checks.map((check) =>
        check.kind === 'p256'
          ? crypto.verifyP256(check.point, check.message, check.signature)
          : crypto.verifyCose(check.key, check.message, check.signature),
      ),
    );
    return verdicts.every((verdict) => verdict);
  };

  #stateAt(user: Ref, head: Head): UserState | undefined {
    const chain = this.user(user);
    const state = chain?.states[head[0]];
    const fits = chain && state && equalRefs(chain.ref, user) && equalBytes(state.head, head[1]);
    return fits ? state : undefined;
  }

  /** Pins what verified, even where a later link of the same page did not. */
  async #keep(
    name: ChainName,
    chain: UserChain | PoolChain,
    before: number,
    extension: Result<Extension>,
  ): Promise<Refreshed> {
    const writes = chain.links.slice(before).map((link, i) => {
      const row = encodeCbor({ ref: chain.ref, ...link });
      return this.#host.writer.put(rowKeys.link(name, chain.ref[1], before + i), row);
    });
    await Promise.all(writes);
    if (writes.length > 0) this.#host.onChanged(name, chain.ref);
    if (!extension.ok) return extension;
    if (extension.value !== 'fits') {
      this.#markFork(name, chain.ref, extension.value.fork.envelope);
      return refuse('CHAIN_FORK', 'two histories');
    }
    return chain.states.length === 0 ? 'behind' : 'ok';
  }

  #markFork(name: ChainName, ref: Ref, shown: Bytes): void {
    const id = `${name}/${toHex(ref[1])}`;
    if (this.#forked.has(id)) return;
    this.#forked.add(id);
    const evidence = encodeCbor({ v: 1, shown });
    void this.#host.writer.put(rowKeys.fork(name, ref[1]), evidence);
    this.#host.onChanged(name, ref);
  }

  #noteServers(name: ChainName, ref: Ref, held: unknown, fetched: Fetched): void {
    const id = `${name}/${toHex(ref[1])}`;
    if (fetched === 'offline') return;
    const isUnknown = !fetched.ok && fetched.code === 'CHAIN_UNKNOWN' && held !== undefined;
    const stands = fetched.ok ? fetched.head : isUnknown ? 'unknown' : undefined;
    if (stands === undefined) this.#serversAt.delete(id);
    else this.#serversAt.set(id, stands);
  }

  #serial<T>(id: string, run: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(id) ?? Promise.resolve();
    const mine = before.then(run, run);
    this.#busy.set(id, mine);
    const forget = () => {
      if (this.#busy.get(id) === mine) this.#busy.delete(id);
    };
    void mine.then(forget, forget);
    return mine;
  }
}

const chainRowShape = map({ ref: refShape, envelope: bytesUpTo(ENVELOPE_BYTES_MAX), time: uint() });

/** The newest link is read again, so that a second history shows itself. */
function seqOf(chain: UserChain | PoolChain | undefined): number {
  return chain === undefined ? 0 : chain.states.length - 1;
}
