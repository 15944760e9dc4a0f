// All that was ever sent. Whatever is delivered may come once more, and whatever is never delivered was lost. Taken
// out is only what can do nothing any more.

import type { PeerMessage } from '../../src/core/messages.ts';
import type { Role } from '../../src/core/types.ts';
import type { Hashes } from './names.ts';

export interface Sent {
  readonly messages: readonly number[];
  /** The sum over them. */
  readonly hashes: Hashes;
}

export const NOTHING_SENT: Sent = { messages: [], hashes: [] };

/** Of a node: no crash takes back its durable term, and whoever neither campaigns nor leads in a term never will. */
export interface Receiver {
  readonly durableTerm: number;
  readonly role: Role;
}

/** It does nothing at its receiver and is not answered, whatever else happens. */
export function isDead(message: PeerMessage, { durableTerm: term, role }: Receiver): boolean {
  const mayLead = role === 'candidate' || role === 'leader';
  switch (message.kind) {
    case 'preVoteReply':
      return term > message.term || (message.granted && term === message.term);
    case 'voteReply':
      return term > message.term || (term === message.term && role !== 'candidate');
    case 'appendAccepted':
    case 'appendRejected':
    case 'heartbeatReply':
      return term > message.term || (term === message.term && !mayLead);
    case 'readReply':
    case 'timeoutNow':
      return term > message.term;
    case 'preVoteRequest':
    case 'voteRequest':
    case 'append':
    case 'heartbeat':
    case 'readRequest':
      return false;
  }
}

const NONE: readonly number[] = [];

export function notYetIn(sent: Sent, messages: readonly number[]): readonly number[] {
  if (messages.length === 0) return NONE;
  const fresh = messages.filter((message) => !sent.messages.includes(message));
  return fresh.length > 1 ? [...new Set(fresh)] : fresh;
}

export function withSent(sent: Sent, fresh: readonly number[], hashes: readonly Hashes[]): Sent {
  if (fresh.length === 0) return sent;
  return { messages: [...sent.messages, ...fresh], hashes: sumOf([sent.hashes, ...hashes]) };
}

export function sentWhere(
  { messages }: Sent,
  isKept: (message: number) => boolean,
  hashesOf: (message: number) => Hashes,
): Sent {
  const kept = messages.filter(isKept);
  return { messages: kept, hashes: sumOf(kept.map(hashesOf)) };
}

function sumOf(all: readonly Hashes[]): Hashes {
  const sum: number[] = [];
  for (const each of all) {
    for (const [at, hash] of each.entries()) sum[at] = ((sum[at] ?? 0) + hash) >>> 0;
  }
  return sum;
}
