// The wire, held against the sender's disk and against all it ever sent.

import type { NodeId } from '../../src/core/entry.ts';
import type { SimDisk } from './disk.ts';
import type { SimMessage } from './process.ts';
import { check } from './violation.ts';

/** What a node tells others must already stand on its own disk, and never contradict itself. */
export class PromiseChecker {
  readonly #votes = new Map<string, NodeId>();
  readonly #promisedTerm = new Map<NodeId, number>();

  sent(from: NodeId, disk: SimDisk, message: SimMessage): void {
    const { term, kind } = message;
    const candidate = candidateOf(message);
    if (candidate === undefined && kind !== 'appendAccepted') return;
    const durableTerm = disk.hardState?.term ?? 0;
    const isTermDurable = durableTerm >= term;
    check(isTermDurable, 'durabilityOrder', () => `${from} promises in ${term} before its disk`);
    const promised = this.#promisedTerm.get(from) ?? 0;
    check(term >= promised, 'monotonic', () => `${from} promises in ${term} after ${promised}`);
    this.#promisedTerm.set(from, term);
    if (candidate !== undefined) {
      const isKept = durableTerm > term || disk.hardState?.vote === candidate;
      check(isKept, 'durabilityOrder', () => `${from} votes in ${term} before its disk`);
      const before = this.#votes.get(`${from} ${term}`) ?? candidate;
      check(before === candidate, 'oneVotePerTerm', () => `${from} votes twice in ${term}`);
      this.#votes.set(`${from} ${term}`, candidate);
    } else if (kind === 'appendAccepted' && durableTerm === term) {
      const isStored = disk.lastIndex >= message.matchIndex;
      check(isStored, 'durabilityOrder', () => `${from} acknowledges before its disk has it`);
    }
  }

  /** Whether the vote has ever left its node. */
  hasVoted(voter: NodeId, term: number, candidate: NodeId): boolean {
    return this.#votes.get(`${voter} ${term}`) === candidate;
  }
}

function candidateOf(message: SimMessage): NodeId | undefined {
  if (message.kind === 'voteRequest') return message.from;
  return message.kind === 'voteReply' && message.granted ? message.to : undefined;
}
