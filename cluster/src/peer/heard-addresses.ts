// Where members said that they are reached. A node that has moved reaches the others, but they answer on
// connections of their own; until the membership knows its new address they would call at the old one, and
// it would never hear a leader who could tell the membership.

import type { NodeInfo } from '../ports.ts';
import { parseAddress } from './peer-ports.ts';

interface Heard {
  readonly address: string;
  /** What the membership said then: once it says something else, that is the news. */
  readonly listed: string;
}

export class HeardAddresses {
  /** By node; the members of the cluster bound it. */
  readonly #heard = new Map<string, Heard>();

  heard(member: NodeInfo | undefined, address: string): void {
    if (member === undefined || parseAddress(address) === undefined) return;
    this.#heard.set(member.id, { address, listed: member.peerAddress });
  }

  readonly of = ({ id, peerAddress }: NodeInfo): string => {
    const heard = this.#heard.get(id);
    return heard?.listed === peerAddress ? heard.address : peerAddress;
  };
}
