// What this node's hello said on one socket, and how long a proof made for it may live. Proofs are
// bound to realm, node, origin and nonce, so that none can be shown to another node, from another
// page, or twice.

import type { Bytes } from '@rockpool/protocol';
import { type Refusal, refuse, SOCKET_PROOF_LIFE_MAX_MS } from '@rockpool/protocol';

export interface Socket {
  readonly realm: Bytes;
  readonly node: Bytes;
  /** The Origin header of the upgrade, already found on the exact list. */
  readonly origin: string;
  readonly nonce: Bytes;
}

export function wrongProofExpiry(expiry: number, nowMs: number): Refusal | undefined {
  return expiry > nowMs && expiry <= nowMs + SOCKET_PROOF_LIFE_MAX_MS
    ? undefined
    : refuse('AUTH_PROOF', 'the proof is expired or lives too long');
}
