// What the candidates of one side of a connection say about the network it is on.

import {
  type Candidate,
  candidatesInDescription,
  isPublicAddress,
  parseCandidate,
} from './candidate.ts';

const CANDIDATES_MAX = 128;

/** Does a router use one public port for a socket, whomever it speaks to? */
export type Mapping = 'steady' | 'changing' | 'unknown';

export class SeenCandidates {
  readonly #seen = new Map<string, Candidate>();

  note(line: string): void {
    const candidate = parseCandidate(line);
    if (candidate === undefined || this.#seen.size >= CANDIDATES_MAX) return;
    const { kind, address, port, base, foundation } = candidate;
    this.#seen.set([kind, address, port, base, foundation].join(' '), candidate);
  }

  noteDescription(sdp: string): void {
    for (const line of candidatesInDescription(sdp)) this.note(line);
  }

  get any(): boolean {
    return this.#seen.size > 0;
  }

  /** Found an address that others can send to. */
  get isSeenOutside(): boolean {
    return [...this.#seen.values()].some(({ kind, address }) => {
      return kind !== 'host' || isPublicAddress(address);
    });
  }

  /** One socket with two public ports shows it; with one public port it depends on how many servers were asked. */
  mapping(serversAnswered: number): Mapping {
    const ports = new Map<string, Set<string>>();
    for (const { kind, ipv6, address, port, base, foundation } of this.#seen.values()) {
      if (kind !== 'srflx' || ipv6) continue;
      const socket = base === '' ? `foundation ${foundation}` : base;
      const seen = ports.get(socket) ?? new Set();
      ports.set(socket, seen.add(`${address} ${port}`));
    }
    if ([...ports.values()].some(({ size }) => size > 1)) return 'changing';
    return ports.size > 0 && serversAnswered > 1 ? 'steady' : 'unknown';
  }
}
