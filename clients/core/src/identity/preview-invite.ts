// What an invite's chain shows before the chains of its members may be read: it hangs together from
// the genesis that the link names, and the invite in it can still let somebody in. Who signed what
// is verified in full after joining, before the pool is used.

import {
  type Bytes,
  equalBytes,
  equalRefs,
  type Head,
  type InviteLink,
  peekPoolStatement,
  type Ref,
  type Result,
  refuse,
  type StoredLink,
} from '@rockpool/protocol';

export interface InvitePreview {
  readonly head: Head;
  /** Link hash of the invite. */
  readonly invite: Bytes;
  readonly isMember: boolean;
}

export function previewInvite(
  links: readonly StoredLink[],
  { pool, pub }: InviteLink,
  self: Ref | undefined,
  nowMs: number,
): Result<InvitePreview> {
  let head: Head | undefined;
  let invite: { readonly hash: Bytes; readonly expiry: number; usesLeft: number } | undefined;
  let isMember = false;
  for (const { envelope } of links) {
    const opened = peekPoolStatement(envelope);
    if (!opened.ok) return opened;
    const { statement, seq, hash, author } = opened.value;
    const follows =
      statement.kind === 'pool.genesis'
        ? head === undefined
        : head !== undefined && seq === head[0] + 1 && equalBytes(statement.prev, head[1]);
    if (!follows || !equalRefs(opened.value.pool, pool)) {
      return refuse('CHAIN_FOREIGN', 'the chain is not that of the invite');
    }
    head = [seq, hash];
    const mine = self !== undefined && equalRefs(author.user, self);
    if (statement.kind === 'pool.genesis' || statement.kind === 'pool.join') isMember ||= mine;
    if (statement.kind === 'pool.invite' && equalBytes(statement.key, pub)) {
      invite = { hash, expiry: statement.expiry, usesLeft: statement.uses };
    }
    if (statement.kind === 'pool.join' && invite && equalBytes(statement.invite, invite.hash)) {
      invite.usesLeft--;
    }
  }
  if (head === undefined) return refuse('CHAIN_UNKNOWN', 'a chain without links');
  if (isMember) return { ok: true, value: { head, invite: head[1], isMember } };
  if (invite === undefined) return refuse('CHAIN_EXPIRED', 'the invite is not in the chain');
  if (invite.usesLeft <= 0) return refuse('CHAIN_USED', 'the invite has been used');
  if (invite.expiry <= nowMs) return refuse('CHAIN_EXPIRED', 'the invite has expired');
  return { ok: true, value: { head, invite: invite.hash, isMember } };
}
