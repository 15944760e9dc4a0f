// The key of every row that the directory keeps, relative to its slot. The first byte says what the
// row is; docs/privacy.md lists each with purpose and lifetime and is held against this table by a
// test. Numbers inside keys are big-endian, so that scans come in order.

import { concatBytes } from '@rockpool/protocol';
import type { Bytes } from './ports.ts';

/** What each prefix holds. The names are the ones that docs/privacy.md uses. */
export const KEY_PREFIXES = {
  /** `u` user id -> replayed state of the user's chain, and its size. */
  userState: 0x75,
  /** `U` user id, seq (u32) -> one link of the user's chain and its log time. */
  userLink: 0x55,
  /** `h` user handle -> user id. What a passkey presents at sign-in. */
  userHandle: 0x68,
  /** `l` user id -> the pools that the user is in. */
  userPools: 0x6c,
  /** `w` user id -> the account waits for its first join: since when, admitted by which pool. */
  pendingAccount: 0x77,
  /** `m` user id -> codes of new devices that the user has tried lately: since when, how many. */
  meetingTries: 0x6d,
  /** `p` pool id -> replayed state of the pool's chain, and its size. */
  poolState: 0x70,
  /** `P` pool id, seq (u32) -> one link of the pool's chain and its log time. */
  poolLink: 0x50,
  /** `e` pool id, user id -> newest state of a member's user chain that this pool has seen. */
  memberEvidence: 0x65,
  /** `o` outbox id -> message for another shard, until it is delivered. */
  outbox: 0x6f,
  /** `g` (the group's own) -> the grace after a restore or recovery: which, since when, until when. */
  grace: 0x67,
  /** `b` user or pool id -> the links that clients brought back in the grace: their places, times and signers. */
  branches: 0x62,
  /** `B` user or pool id, link hash -> a link that was brought back, until a branch is chosen. */
  branchLink: 0x42,
  /** `c` user or pool id, link hash -> the chain's replayed state after such a link. */
  branchState: 0x63,
  /** `x` user or pool id, link hash -> a link of a branch that was not chosen: evidence of two histories. */
  overruledLink: 0x78,
  /** `f` (meta) -> hash and expiry of the first-admin link, and who used it. */
  firstAdmin: 0x66,
  /** `A` (meta) -> the administrators. */
  admins: 0x41,
} as const;
export type KeyPrefix = keyof typeof KEY_PREFIXES;

/** The prefix alone, for scans. */
export function prefixOf(kind: KeyPrefix): Bytes {
  return Uint8Array.of(KEY_PREFIXES[kind]);
}

const key = (kind: KeyPrefix, ...parts: readonly Bytes[]): Bytes =>
  concatBytes(prefixOf(kind), ...parts);

export const userStateKey = (userId: Bytes): Bytes => key('userState', userId);
export const userLinksPrefix = (userId: Bytes): Bytes => key('userLink', userId);
export const userLinkKey = (userId: Bytes, seq: number): Bytes =>
  key('userLink', userId, uint32(seq));
export const userHandleKey = (handle: Bytes): Bytes => key('userHandle', handle);
export const userPoolsKey = (userId: Bytes): Bytes => key('userPools', userId);
export const pendingAccountKey = (userId: Bytes): Bytes => key('pendingAccount', userId);
export const meetingTriesKey = (userId: Bytes): Bytes => key('meetingTries', userId);
export const poolStateKey = (poolId: Bytes): Bytes => key('poolState', poolId);
export const poolLinksPrefix = (poolId: Bytes): Bytes => key('poolLink', poolId);
export const poolLinkKey = (poolId: Bytes, seq: number): Bytes =>
  key('poolLink', poolId, uint32(seq));
export const memberEvidenceKey = (poolId: Bytes, userId: Bytes): Bytes =>
  key('memberEvidence', poolId, userId);
export const outboxKey = (id: Bytes): Bytes => key('outbox', id);
export const branchesKey = (chainId: Bytes): Bytes => key('branches', chainId);
export const branchLinkKey = (chainId: Bytes, hash: Bytes): Bytes =>
  key('branchLink', chainId, hash);
export const branchStateKey = (chainId: Bytes, hash: Bytes): Bytes =>
  key('branchState', chainId, hash);
export const overruledLinkKey = (chainId: Bytes, hash: Bytes): Bytes =>
  key('overruledLink', chainId, hash);
export const GRACE_KEY = prefixOf('grace');
export const FIRST_ADMIN_KEY = prefixOf('firstAdmin');
export const ADMINS_KEY = prefixOf('admins');

function uint32(value: number): Bytes {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
