// A chain that was lost from its genesis on begins again at once: nobody can make another one with its id. An account
// has the pool's invite that its join uses to vouch for it, and is dropped where that join does not come to count.

import {
  accept,
  type Bytes,
  equalBytes,
  type Ref,
  type Result,
  refuse,
  slotOf,
  type UserState,
} from '@rockpool/protocol';
import type { PoolBranchState } from './branch-rows.ts';
import { encodeEvent } from './events.ts';
import type { JudgedBranch } from './judge-branch.ts';
import {
  memberEvidenceKey,
  outboxKey,
  pendingAccountKey,
  poolLinkKey,
  poolStateKey,
  userHandleKey,
  userLinkKey,
  userStateKey,
} from './keys.ts';
import type { Rows } from './outcome.ts';
import type { Row } from './ports.ts';
import {
  handleRow,
  linkRow,
  outboxRow,
  pendingAccountRow,
  poolStateRow,
  userStateRow,
} from './rows.ts';

type Genesis<State> = NonNullable<JudgedBranch<State>['genesis']>;

interface LostAccount {
  readonly pool: Ref | undefined;
  readonly entryTimeMs: number;
}

/** The account is there from now on, for as long as one that an invite admitted. */
export function beginUser(
  rows: Rows,
  ref: Ref,
  { state, link }: Genesis<UserState>,
  { pool, entryTimeMs }: LostAccount,
): Result<readonly Row[]> {
  const [slot, id] = ref;
  const { handle } = state;
  if (!equalBytes(state.ref[1], id) || slotOf(handle) !== slot)
    return refuse('CHAIN_MALFORMED', 'names another chain');
  if (pool === undefined) return refuse('AUTH_ADMISSION', 'nothing admits this account');
  if (rows(userHandleKey(handle)) !== undefined) {
    return refuse('CHAIN_USED', 'another account has this handle');
  }
  const pending = { since: entryTimeMs, pool };
  return accept([
    { key: userHandleKey(handle), value: handleRow.encode({ id }) },
    { key: userStateKey(id), value: userStateRow.encode(state) },
    { key: userLinkKey(id, 0), value: linkRow.encode(link) },
    { key: pendingAccountKey(id), value: pendingAccountRow.encode(pending) },
  ]);
}

export function beginPool({ state, link }: Genesis<PoolBranchState>): readonly Row[] {
  const { ref: pool, head } = state.state;
  const [, id] = pool;
  const [owner] = state.authors;
  if (owner === undefined) throw new Error('a genesis has an author');
  const told = outboxRow.encode({ kind: 'memberJoined', user: owner.ref, pool });
  return [
    { key: poolStateKey(id), value: poolStateRow.encode(state.state) },
    { key: poolLinkKey(id, 0), value: linkRow.encode(link) },
    { key: memberEvidenceKey(id, owner.ref[1]), value: userStateRow.encode(owner) },
    { key: outboxKey(head), value: told },
  ];
}

export function begunEvents(chain: 'user' | 'pool', ref: Ref): readonly Bytes[] {
  const [, id] = ref;
  if (chain === 'user') return [encodeEvent({ event: 'userChanged', user: ref, head: [0, id] })];
  return [
    encodeEvent({ event: 'poolChanged', pool: ref, head: [0, id] }),
    encodeEvent({ event: 'outboxAdded', id }),
  ];
}
