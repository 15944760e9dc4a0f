// All that was ever sent. Nothing is taken out: whatever is delivered may come once more, and whatever is never
// delivered was lost.

import type { Hashes } from './names.ts';

export interface Sent {
  readonly messages: readonly number[];
  /** The sum over them. */
  readonly hashes: Hashes;
}

export const NOTHING_SENT: Sent = { messages: [], hashes: [] };

const NONE: readonly number[] = [];

export function notYetIn(sent: Sent, messages: readonly number[]): readonly number[] {
  if (messages.length === 0) return NONE;
  const fresh = messages.filter((message) => !sent.messages.includes(message));
  return fresh.length > 1 ? [...new Set(fresh)] : fresh;
}

export function withSent(sent: Sent, fresh: readonly number[], hashes: readonly Hashes[]): Sent {
  if (fresh.length === 0) return sent;
  const sum = sent.hashes.length === 0 ? (hashes[0] ?? []).map(() => 0) : [...sent.hashes];
  for (const each of hashes) {
    for (let at = 0; at < sum.length; at += 1) sum[at] = ((sum[at] ?? 0) + (each[at] ?? 0)) >>> 0;
  }
  return { messages: [...sent.messages, ...fresh], hashes: sum };
}
