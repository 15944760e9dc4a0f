// What a fake cluster does after a restore: it has older chains, takes links that it lost, and has them when the grace is over.

import {
  type Bytes,
  type ClientFrame,
  type ErrorCode,
  equalBytes,
  peekPoolStatement,
  peekUserStatement,
  type Ref,
  type StoredLink,
  toHex,
} from '@rockpool/protocol';

export type OfferFrame = Extract<ClientFrame, { type: 'offer' }>;

interface Chain {
  readonly ref: Ref;
  readonly links: StoredLink[];
  readonly states: { readonly head: Bytes }[];
}

interface Chains {
  readonly user: ReadonlyMap<string, Chain>;
  readonly pool: ReadonlyMap<string, Chain>;
}

export class FakeGrace {
  readonly untilMs: number;
  readonly offers: OfferFrame[] = [];
  /** So many offers come too soon. */
  tooMany = 0;
  readonly #chains: Chains;
  /** Links by the one before them, of which a chain has one. */
  readonly #after = new Map<string, Bytes>();
  readonly #known = new Set<string>();

  constructor(untilMs: number, chains: Chains) {
    this.untilMs = untilMs;
    this.#chains = chains;
  }

  take(frame: OfferFrame): ErrorCode | undefined {
    if (this.tooMany > 0) {
      this.tooMany -= 1;
      return 'LIMIT_RATE';
    }
    const { chain: name, ref, parent, links } = frame;
    const chain = this.#chains[name].get(toHex(ref[1]));
    const stands = parent === undefined ? chain === undefined : this.#isEnd(chain, parent);
    if (!stands) {
      const isOlder = chain?.states.some(({ head }) => parent && equalBytes(head, parent)) === true;
      return isOlder ? 'CHAIN_STALE' : 'CHAIN_CONFLICT';
    }
    this.offers.push(frame);
    let before = parent ?? new Uint8Array(0);
    for (const { envelope } of links) {
      const peeked = name === 'user' ? peekUserStatement(envelope) : peekPoolStatement(envelope);
      if (!peeked.ok) return peeked.code;
      this.#after.set(`${toHex(ref[1])}/${toHex(before)}`, envelope);
      before = peeked.value.hash;
      this.#known.add(toHex(before));
    }
    return undefined;
  }

  /** What is to be appended now, one after the other. */
  *settled(name: 'user' | 'pool'): Generator<Bytes> {
    const ids = new Set(
      this.offers.filter(({ chain }) => chain === name).map(({ ref }) => toHex(ref[1])),
    );
    for (const id of ids) {
      for (;;) {
        const head = this.#chains[name].get(id)?.states.at(-1)?.head ?? new Uint8Array(0);
        const next = this.#after.get(`${id}/${toHex(head)}`);
        if (next === undefined) break;
        yield next;
      }
    }
  }

  #isEnd(chain: Chain | undefined, parent: Bytes): boolean {
    const head = chain?.states.at(-1)?.head;
    return (head !== undefined && equalBytes(head, parent)) || this.#known.has(toHex(parent));
  }
}
