// The leader's side of forwarding: each proposal names the term it was sent in, and what arrives twice
// in one term is appended once. Nothing of it is stored, since a leader that restarts leads no more.

import { toHex } from '../format/bytes.ts';
import { decodeCommand } from '../format/command.ts';
import type { ForwardedProposal, ProposalAnswer } from '../format/peer-payload.ts';

/** Longer than a submitter goes on repeating. */
const REMEMBER_MS = 10_000;
const REMEMBERED_MAX = 16_384;

interface Remembered {
  term: number;
  readonly atMs: Map<string, number>;
}

export class ForwardedProposals {
  readonly #groups = new Map<number, Remembered>();

  /** Appends through `propose` unless this term's leader has appended it before. */
  accept(
    proposal: ForwardedProposal,
    nowMs: number,
    propose: (proposal: ForwardedProposal) => ProposalAnswer,
  ): ProposalAnswer {
    const command = decodeCommand(proposal.command);
    if (command === undefined) return 'notLeader';
    const name = `${toHex(command.clientId)}${command.sequence}`;
    const { atMs } = this.#rememberedIn(proposal.group, proposal.term);
    if (atMs.has(name)) return 'appended';
    for (const [oldest, time] of atMs) {
      if (nowMs - time < REMEMBER_MS) break;
      atMs.delete(oldest);
    }
    if (atMs.size >= REMEMBERED_MAX) return 'busy';
    const answer = propose(proposal);
    if (answer === 'appended') atMs.set(name, nowMs);
    return answer;
  }

  #rememberedIn(group: number, term: number): Remembered {
    const found = this.#groups.get(group);
    if (found?.term === term) return found;
    const fresh = { term, atMs: new Map<string, number>() };
    if (found === undefined || found.term < term) this.#groups.set(group, fresh);
    return fresh;
  }
}
