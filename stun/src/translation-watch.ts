/*
 * The self-check: a server behind address translation answers with the translator's address, which helps no
 * client. The sure sign is a request that comes from the default gateway: the bridge of a container, or a
 * router that turned it round. Private addresses are right in one network and wrong outside it.
 */

import { type AddressScope, scopeOf } from './codec/address-scope.ts';
import type { StunLogger } from './logger.ts';

export const NAMED_KINDS = [
  'public',
  'private',
  'loopback',
  'gateway',
] as const satisfies readonly (AddressScope | 'gateway')[];

/** Success answers by what they name. */
export type AnswerCounts = Readonly<Record<(typeof NAMED_KINDS)[number], number>>;

export class TranslationWatch {
  /** Success answers by what they name, until now. */
  readonly counts: Record<keyof AnswerCounts, number> = {
    public: 0,
    private: 0,
    loopback: 0,
    gateway: 0,
  };
  readonly #gateway: Uint8Array | undefined;
  readonly #logger: StunLogger | undefined;

  constructor(gateway: Uint8Array | undefined, logger: StunLogger | undefined) {
    this.#gateway = gateway;
    this.#logger = logger;
  }

  /** Counts an answer that names this address; warns at the first of its kind. */
  note(address: Uint8Array, addressBytes: 4 | 16): void {
    const kind = this.#isGateway(address, addressBytes)
      ? 'gateway'
      : scopeOf(address, addressBytes);
    this.counts[kind] += 1;
    if (this.counts[kind] === 1) this.#warn(kind);
  }

  #isGateway(address: Uint8Array, addressBytes: 4 | 16): boolean {
    const gateway = this.#gateway;
    if (gateway === undefined || addressBytes !== 4) return false;
    for (let at = 0; at < 4; at += 1) if (address[at] !== gateway[at]) return false;
    return true;
  }

  #warn(kind: AddressScope | 'gateway'): void {
    if (kind === 'gateway') {
      this.#logger?.warn(
        { named: kind },
        'STUN answers name the default gateway: requests come through address translation, and clients learn ' +
          'a useless address. Run STUN on the host network (docs/operations.md, "STUN in containers").',
      );
    } else if (kind === 'private') {
      this.#logger?.warn(
        { named: kind },
        'STUN answers name a private address: right for clients in the same network, useless for others. ' +
          'If clients come from outside, see docs/operations.md, "STUN in containers".',
      );
    }
  }
}
