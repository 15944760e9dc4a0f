// Who campaigns, and when (thesis 3.4, 4.2.3, 9.6): after silence, and in a new term only once a majority would
// vote for it or its leader wants it; and whoever asks for a vote that is due to it gets it.

import { votersOf } from '../../src/core/configuration.ts';
import type { NodeId } from '../../src/core/entry.ts';
import type { Message } from '../../src/core/messages.ts';
import type { RaftStatus, Role } from '../../src/core/types.ts';
import type { SimProcess } from './process.ts';
import { isQuorum } from './quorums.ts';
import { check } from './violation.ts';

/** What was last seen of a process in this life of it. */
interface Seen {
  life: number;
  role: Role;
  term: number;
  /** Own ticks since a leader was heard, or a role was taken up. */
  silentTicks: number;
  /** It lost an election: the next campaign may come at once. */
  isHurried: boolean;
  /** Who would vote for it in the term after `grantedIn`. */
  readonly granted: Set<NodeId>;
  grantedIn: number;
  /** While one input is handled: its leader wants it to campaign. */
  isTold: boolean;
  /** While one input is handled: a vote that is due. */
  owed: { readonly to: NodeId; readonly term: number } | undefined;
}

const FROM_LEADERS: ReadonlySet<Message['kind']> = new Set([
  'append',
  'heartbeat',
  'snapshot',
  'timeoutNow',
]);

export class CampaignChecker {
  readonly #electionTicks: number;
  readonly #seen = new Map<NodeId, Seen>();

  constructor(electionTicks: number) {
    this.#electionTicks = electionTicks;
  }

  /** Before the process has handled it. */
  received(process: SimProcess, status: RaftStatus, message: Message): void {
    const seen = this.#of(process, status);
    const { kind, from, term } = message;
    if (FROM_LEADERS.has(kind) && term >= status.term) {
      seen.silentTicks = 0;
      seen.isHurried = false;
      seen.isTold = kind === 'timeoutNow';
    }
    if (kind === 'preVoteReply' && message.granted && term === status.term + 1) {
      if (seen.grantedIn !== term) seen.granted.clear();
      seen.grantedIn = term;
      seen.granted.add(from);
    }
    if (kind !== 'voteRequest' || term <= status.term) return;
    const { firstIndex, lastIndex } = status;
    if (lastIndex < firstIndex) return;
    const last = process.raft?.entries(lastIndex, lastIndex)[0];
    if (last === undefined) return;
    const isNewer =
      message.lastTerm > last.term ||
      (message.lastTerm === last.term && message.lastIndex >= last.index);
    const isFree = message.isTransfer || status.leader === undefined;
    if (isNewer && isFree) seen.owed = { to: from, term };
  }

  afterStep(process: SimProcess, status: RaftStatus): void {
    const { id } = process;
    const seen = this.#of(process, status);
    const { owed, isTold } = seen;
    seen.owed = undefined;
    seen.isTold = false;
    if (owed !== undefined) {
      const isGiven = status.term === owed.term && status.vote === owed.to;
      check(isGiven, 'conduct', () => `${id} refuses ${owed.to} a vote that is due to it`);
    }
    if (seen.role === status.role && seen.term === status.term) return;
    if (status.role !== 'follower') this.#checkCampaign(id, status, seen, isTold);
    seen.isHurried = seen.role === 'candidate' && status.role === 'follower';
    seen.silentTicks = 0;
    seen.role = status.role;
    seen.term = status.term;
  }

  ticked(process: SimProcess, status: RaftStatus): void {
    this.#of(process, status).silentTicks += 1;
  }

  #checkCampaign(id: NodeId, status: RaftStatus, seen: Seen, isTold: boolean): void {
    const { role, term, configuration } = status;
    const isAlone = votersOf(configuration).every((voter) => voter === id);
    if (role === 'preCandidate' && seen.role === 'follower' && !isAlone && !seen.isHurried) {
      // This tick is not counted yet.
      const isSilent = seen.silentTicks + 1 >= this.#electionTicks;
      check(isSilent, 'conduct', () => `${id} campaigns before anybody was silent for long`);
    }
    if (term === seen.term || isTold) return;
    const isWanted = isQuorum(
      configuration,
      (voter) => voter === id || (seen.grantedIn === term && seen.granted.has(voter)),
    );
    check(isWanted, 'conduct', () => `${id} raises the term to ${term}, and could not win it`);
  }

  #of({ id, life }: SimProcess, { role, term }: RaftStatus): Seen {
    const known = this.#seen.get(id);
    if (known?.life === life) return known;
    const fresh: Seen = {
      life,
      role,
      term,
      silentTicks: 0,
      isHurried: false,
      granted: new Set(),
      grantedIn: 0,
      isTold: false,
      owed: undefined,
    };
    this.#seen.set(id, fresh);
    return fresh;
  }
}
