// The leader's side of forwarding: what arrives twice in one term is appended once. No clock decides how
// long that is remembered: each proposal tells the oldest submission that its sender still waits for, and
// what is older can neither be repeated nor be of use to anybody. Nothing of it is stored, since a
// leader that restarts leads no more.

import { toHex } from '../format/bytes.ts';
import { decodeCommand } from '../format/command.ts';
import type { ForwardedProposal, ProposalAnswer } from '../format/peer-payload.ts';

/** Of one sender in one group. */
const REMEMBERED_MAX = 16_384;

interface Remembered {
  readonly term: number;
  oldest: number;
  /** Requests appended in the term, but for those that nobody waits for any more. */
  readonly appended: Set<number>;
}

/** One start of one node. */
interface Sender {
  readonly clientId: string;
  readonly groups: Map<number, Remembered>;
}

export class ForwardedProposals {
  /** By node; the members of the cluster bound it. */
  readonly #senders = new Map<string, Sender>();

  /** Appends through `propose` unless this term's leader has appended it before. */
  accept(
    nodeId: string,
    proposal: ForwardedProposal,
    propose: (proposal: ForwardedProposal) => ProposalAnswer,
  ): ProposalAnswer {
    const { request, oldest, group, term } = proposal;
    const command = decodeCommand(proposal.command);
    if (command?.sequence !== request || request < oldest) return 'notLeader';
    const { groups } = this.#sender(nodeId, toHex(command.clientId));
    const found = groups.get(group);
    const known = found?.term === term ? found : undefined;
    if (known !== undefined) {
      forgetBelow(known, oldest);
      if (request < known.oldest) return 'notLeader';
      if (known.appended.has(request)) return 'appended';
      if (known.appended.size >= REMEMBERED_MAX) return 'busy';
    }
    const answer = propose(proposal);
    if (answer !== 'appended') return answer;
    // Only now is it certain that the term is the one this node leads in.
    if (known !== undefined) known.appended.add(request);
    else groups.set(group, { term, oldest, appended: new Set([request]) });
    return answer;
  }

  #sender(nodeId: string, clientId: string): Sender {
    const found = this.#senders.get(nodeId);
    // Frames of an earlier start of the node do not pass the peer port any more.
    if (found?.clientId === clientId) return found;
    const fresh = { clientId, groups: new Map<number, Remembered>() };
    this.#senders.set(nodeId, fresh);
    return fresh;
  }
}

function forgetBelow(known: Remembered, oldest: number): void {
  if (oldest <= known.oldest) return;
  known.oldest = oldest;
  for (const request of known.appended) if (request < oldest) known.appended.delete(request);
}
