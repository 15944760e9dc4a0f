// How a leader brings a follower up to date: the search for where their logs agree skips whole terms, and a
// snapshot is sent to one that answers.

import type { NodeId } from '../../src/core/entry.ts';
import type { Message } from '../../src/core/messages.ts';
import type { Raft, RaftStatus } from '../../src/core/types.ts';
import type { SimProcess } from './process.ts';
import { check } from './violation.ts';

/** What was last seen of a follower by the leader of a term. */
interface Search {
  hasAnswered: boolean;
  isSentSnapshot: boolean;
  /** The places of this search that it has refused. */
  readonly refused: Set<number>;
}

interface Reign {
  readonly life: number;
  readonly term: number;
  readonly searches: Map<NodeId, Search>;
}

/** Refusals beside one for each term in either log: of the first guess, and of what came late. */
const REFUSALS_SPARE = 4;

export class CatchUpChecker {
  readonly #processes: readonly SimProcess[];
  readonly #reigns = new Map<NodeId, Reign>();

  constructor(processes: readonly SimProcess[]) {
    this.#processes = processes;
  }

  received(process: SimProcess, status: RaftStatus, message: Message): void {
    const search = this.#of(process, status, message.from);
    if (search === undefined || message.term !== status.term) return;
    const { kind } = message;
    if (kind === 'heartbeatReply') search.hasAnswered = true;
    if (kind === 'appendAccepted') {
      search.hasAnswered = true;
      search.refused.clear();
    }
    if (kind !== 'appendRejected') return;
    search.hasAnswered = true;
    const progress = status.followers.find(({ node }) => node === message.from);
    if (progress?.state !== 'probe') search.refused.clear();
    // Others come late: of appends that were sent one after the other, or of a search before.
    if (progress?.state !== 'probe' || message.rejectedIndex !== progress.nextIndex - 1) return;
    search.refused.add(message.rejectedIndex);
    if (search.refused.size <= REFUSALS_SPARE) return;
    const follower = this.#processes.find(({ id }) => id === message.from);
    const terms = termsIn(process.raft) + termsIn(follower?.raft);
    const isShort = search.refused.size <= terms + REFUSALS_SPARE;
    check(isShort, 'conduct', () => {
      return `${process.id} tries ${search.refused.size} places with ${message.from}`;
    });
  }

  /** Until it answers again, nobody knows that it is there. */
  lostConnection(process: SimProcess, status: RaftStatus, node: NodeId): void {
    const search = this.#of(process, status, node);
    if (search !== undefined) search.hasAnswered = false;
  }

  afterStep(process: SimProcess, status: RaftStatus): void {
    for (const { node, state } of status.followers) {
      const isSent = state === 'snapshot';
      const search = this.#of(process, status, node);
      if (search === undefined || search.isSentSnapshot === isSent) continue;
      search.isSentSnapshot = isSent;
      const isHeard = !isSent || search.hasAnswered;
      check(isHeard, 'conduct', () => `${process.id} sends ${node} a snapshot unheard`);
    }
  }

  #of({ id, life }: SimProcess, { role, term }: RaftStatus, node: NodeId): Search | undefined {
    if (role !== 'leader') return undefined;
    let reign = this.#reigns.get(id);
    if (reign?.life !== life || reign.term !== term) {
      reign = { life, term, searches: new Map() };
      this.#reigns.set(id, reign);
    }
    const known = reign.searches.get(node);
    if (known !== undefined) return known;
    const fresh = { hasAnswered: false, isSentSnapshot: false, refused: new Set<number>() };
    reign.searches.set(node, fresh);
    return fresh;
  }
}

function termsIn(raft: Raft | undefined): number {
  if (raft === undefined) return 0;
  const { firstIndex, lastIndex } = raft.status();
  if (firstIndex > lastIndex) return 0;
  return new Set(raft.entries(firstIndex, lastIndex).map(({ term }) => term)).size;
}
