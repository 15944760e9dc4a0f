// What peers send to the driver: each payload is decoded, refused where it cannot be read, and handed to whom it is for.

import type { PeerMessage } from '../core/messages.ts';
import { FRAME_KIND, type FrameKind, type PeerFrame } from '../format/peer-frame.ts';
import {
  decodeProposal,
  decodeProposalReply,
  decodeRaftBundle,
  encodeProposalReply,
  type ForwardedProposal,
  type ProposalAnswer,
} from '../format/peer-payload.ts';
import { decodeSnapshotAnswer, decodeSnapshotChunk } from '../format/snapshot-payload.ts';
import type { PacedLog } from '../paced-log.ts';
import type { GroupMember } from './group-member.ts';
import type { Quiescence } from './quiescence.ts';
import type { SnapshotSender } from './snapshot-sender.ts';
import type { Submissions } from './submissions.ts';

export interface FrameReceiverParts {
  readonly self: string;
  readonly members: ReadonlyMap<number, GroupMember>;
  readonly submissions: Submissions;
  readonly snapshots: SnapshotSender;
  readonly quiescence: Quiescence;
  readonly log: PacedLog;
  /** False when the peer is away or its queue is full. */
  send(nodeId: string, kind: FrameKind, payload: Uint8Array): boolean;
  propose(proposal: ForwardedProposal, from: string): ProposalAnswer;
  /** Something comes that the group has to heed: before its core is given that, or the silence until here would count after it. */
  wake(group: number): void;
  /** Only an answer may be due. */
  drain(group: number): void;
}

/** They keep a group as it is. */
const CALM: ReadonlySet<PeerMessage['kind']> = new Set(['heartbeat', 'heartbeatReply']);

export class FrameReceiver {
  readonly #parts: FrameReceiverParts;

  constructor(parts: FrameReceiverParts) {
    this.#parts = parts;
  }

  /** Throws where an invariant of a core breaks. */
  received(frame: PeerFrame): void {
    if (!this.#take(frame)) this.#unreadable(frame);
  }

  /** False for a payload that cannot be read. */
  #take(frame: PeerFrame): boolean {
    const { members, submissions, snapshots } = this.#parts;
    const { sender, payload } = frame;
    switch (frame.kind) {
      case FRAME_KIND.raft:
        return this.#step(frame);
      case FRAME_KIND.proposal:
        return this.#propose(frame);
      case FRAME_KIND.proposalReply: {
        const reply = decodeProposalReply(payload);
        if (reply !== undefined) submissions.replied(sender, reply);
        return reply !== undefined;
      }
      case FRAME_KIND.snapshotChunk: {
        const chunk = decodeSnapshotChunk(payload);
        if (chunk !== undefined) members.get(chunk.group)?.chunk(sender, chunk);
        return chunk !== undefined;
      }
      case FRAME_KIND.snapshotAnswer: {
        const answer = decodeSnapshotAnswer(payload);
        if (answer !== undefined) snapshots.answered(sender, answer);
        return answer !== undefined;
      }
      case FRAME_KIND.quiet:
        return this.#parts.quiescence.received(sender, payload);
      default:
        return true;
    }
  }

  #step({ payload, sender }: PeerFrame): boolean {
    const { members, self, wake, drain } = this.#parts;
    const messages = decodeRaftBundle(payload, sender, self);
    for (const message of messages ?? []) {
      const { group, kind, term } = message;
      const member = members.get(group);
      if (member === undefined) continue;
      // A leader goes on with heartbeats until the last of its followers rests.
      if (CALM.has(kind) && term <= member.raft.term) drain(group);
      else wake(group);
      member.raft.step(message);
    }
    return messages !== undefined;
  }

  #propose({ payload, sender }: PeerFrame): boolean {
    const { propose, send } = this.#parts;
    const proposal = decodeProposal(payload);
    if (proposal === undefined) return false;
    const reply = { request: proposal.request, answer: propose(proposal, sender) };
    send(sender, FRAME_KIND.proposalReply, encodeProposalReply(reply));
    return true;
  }

  #unreadable({ sender: node, kind }: PeerFrame): void {
    const code = 'PEER_FRAME_REFUSED';
    this.#parts.log.warn(code, { code, node, kind }, 'a payload cannot be read');
  }
}
