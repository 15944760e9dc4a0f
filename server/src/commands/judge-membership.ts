// May this account be in one more pool? An account that an invite admitted waits for its first join:
// it makes no pool of its own before that, so that one link does not become many lasting accounts,
// and its join carries the time until which it counts, so that nobody is dropped while joining.

import { accept, type Ref, type Result, refuse, toHex, USER_POOLS_MAX } from '@rockpool/protocol';
import { PENDING_ACCOUNT_MAX_MS } from '../directory/apply-user.ts';
import type { CommandContext } from './command-context.ts';

/** What a join has to say in its command. */
export interface Membership {
  readonly joinBy?: number;
}

export async function judgeMembership(
  { view }: CommandContext,
  user: Ref,
  kind: 'pool.genesis' | 'pool.join',
): Promise<Result<Membership>> {
  if ((await view.poolsOf(user)).length >= USER_POOLS_MAX) {
    return refuse('CHAIN_QUOTA', 'too many pools');
  }
  const pending = await view.pendingAccount(user);
  if (pending === undefined) {
    return (await view.user(user)) === undefined
      ? refuse('CHAIN_UNKNOWN', 'no such user')
      : accept({});
  }
  if (kind === 'pool.join') return accept({ joinBy: pending.since + PENDING_ACCOUNT_MAX_MS });
  // Who joined a moment ago is told to their own shard a moment later.
  const members = await view.poolMembers(pending.pool);
  return members?.has(toHex(user[1])) === true
    ? accept({})
    : refuse('AUTH_ADMISSION', 'a new account first joins the pool that it was invited to');
}
