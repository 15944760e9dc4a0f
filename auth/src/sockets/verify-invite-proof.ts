// Whoever proves that they hold the private half of an invite may read that pool's chain before
// they have an account. Everybody else hears what they would hear of a pool that does not exist.

import {
  accept,
  type Bytes,
  equalBytes,
  type InviteEntry,
  type InviteProof,
  inviteProofBytes,
  type PoolState,
  type Result,
  refuse,
} from '@rockpool/protocol';
import type { VerifyChecks } from '../relying-party.ts';
import { type Socket, wrongProofExpiry } from './socket.ts';

export interface InviteProofRequest {
  /** The invite's public key. */
  readonly key: Bytes;
  readonly expiry: number;
  readonly sig: Bytes;
}

/** Only the key's holder learns that an invite is used up or expired. */
export function verifyInviteProof(
  socket: Socket,
  request: InviteProofRequest,
  pool: PoolState | undefined,
  nowMs: number,
  verify: VerifyChecks,
): Result<InviteEntry> {
  const wrong = wrongProofExpiry(request.expiry, nowMs);
  if (wrong !== undefined) return wrong;
  const { realm, node, origin, nonce } = socket;
  const { key, expiry, sig: signature } = request;
  const proof: InviteProof = { realm, node, origin, nonce, invite: key, expiry };
  const message = inviteProofBytes(proof);
  const signed = verify([{ kind: 'p256', point: key, message, signature }]);
  const invite = pool?.invites.find((entry) => equalBytes(entry.key, key));
  if (!signed || invite === undefined)
    return refuse('CHAIN_UNKNOWN', 'unknown or not yours to see');
  if (nowMs >= invite.expiry) return refuse('CHAIN_EXPIRED', 'the invite has expired');
  return invite.usesLeft > 0 ? accept(invite) : refuse('CHAIN_USED', 'the invite has been used');
}
