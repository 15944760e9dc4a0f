// The wire, held against the sender's disk and against all it ever sent.

import type { NodeId } from '../../src/core/entry.ts';
import type { PeerMessage } from '../../src/core/messages.ts';
import type { SimMessage } from './process.ts';
import { check } from './violation.ts';
import type { WatchedDisk } from './watched.ts';

/** What a node tells others must already stand on its own disk, and never contradict itself. */
export class PromiseChecker {
  readonly #votes = new Map<string, NodeId>();
  readonly #promisedTerm = new Map<string, number>();
  readonly #isBundled: boolean;

  /** Bundled: messages leave in their order to each peer, not to all of them together. */
  constructor(isBundled = false) {
    this.#isBundled = isBundled;
  }

  sent(from: NodeId, disk: WatchedDisk, message: PeerMessage | SimMessage): void {
    const { term, kind } = message;
    const candidate = candidateOf(message);
    if (candidate === undefined && kind !== 'appendAccepted') return;
    const durableTerm = disk.hardState?.term ?? 0;
    const isTermDurable = durableTerm >= term;
    check(isTermDurable, 'durabilityOrder', () => `${from} promises in ${term} before its disk`);
    const whom = this.#isBundled ? `${from}>${message.to}` : from;
    const promised = this.#promisedTerm.get(whom) ?? 0;
    check(term >= promised, 'monotonic', () => `${from} promises in ${term} after ${promised}`);
    this.#promisedTerm.set(whom, term);
    if (candidate !== undefined) {
      const isKept = durableTerm > term || disk.hardState?.vote === candidate;
      check(isKept, 'durabilityOrder', () => `${from} votes in ${term} before its disk`);
      const before = this.#votes.get(`${from} ${term}`) ?? candidate;
      check(before === candidate, 'oneVotePerTerm', () => `${from} votes twice in ${term}`);
      this.#votes.set(`${from} ${term}`, candidate);
    } else if (kind === 'appendAccepted' && durableTerm === term) {
      const isStored = disk.reaches(message.matchIndex);
      check(isStored, 'durabilityOrder', () => `${from} acknowledges before its disk has it`);
    }
  }

  /** Whether the vote has ever left its node. */
  hasVoted(voter: NodeId, term: number, candidate: NodeId): boolean {
    return this.#votes.get(`${voter} ${term}`) === candidate;
  }
}

function candidateOf(message: PeerMessage | SimMessage): NodeId | undefined {
  if (message.kind === 'voteRequest') return message.from;
  return message.kind === 'voteReply' && message.granted ? message.to : undefined;
}
