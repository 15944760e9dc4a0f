// Pages of a chain, for those who may see it: a user's for their own devices and for members of a
// shared pool, a pool's for its members and for whoever proved one of its invites. Everybody else
// gets the answer that an unknown id gets.

import {
  accept,
  type ClientFrame,
  equalRefs,
  type Ref,
  type Result,
  refuse,
  toHex,
} from '@rockpool/protocol';
import type { ChainPage } from '../directory/queries.ts';
import { withCluster } from './cluster-refusal.ts';
import type { CommandContext } from './command-context.ts';

export type FetchFrame = Extract<ClientFrame, { type: 'fetch' }>;

/** What a socket has shown so far. */
export interface Reader {
  /** The user of its device, or the one whose passkey it presented. */
  readonly user: Ref | undefined;
  /** Pools whose invite it proved. */
  readonly proved: readonly Ref[];
  /** Pools it watches or has just joined: the user's own list lags a moment behind. */
  readonly pools: readonly Ref[];
}

export function readChain(
  context: CommandContext,
  reader: Reader,
  { chain, ref, from, fresh }: FetchFrame,
): Promise<Result<ChainPage>> {
  return withCluster(async () => {
    if (fresh === 1) await context.cluster.barrier(ref[0]);
    const may = await (chain === 'user'
      ? maySeeUser(context, reader, ref)
      : maySeePool(context, reader, ref));
    const page = may ? await context.view.page(chain, ref, from) : undefined;
    return page === undefined ? refuse('CHAIN_UNKNOWN', 'unknown or not yours') : accept(page);
  });
}

async function maySeePool(context: CommandContext, reader: Reader, pool: Ref): Promise<boolean> {
  if (reader.proved.some((proved) => equalRefs(proved, pool))) return true;
  if (reader.user === undefined) return false;
  const members = await context.view.poolMembers(pool);
  return members?.has(toHex(reader.user[1])) === true;
}

async function maySeeUser(context: CommandContext, reader: Reader, user: Ref): Promise<boolean> {
  if (reader.user === undefined) return false;
  if (equalRefs(reader.user, user)) return true;
  const own = toHex(reader.user[1]);
  const other = toHex(user[1]);
  for (const pool of [...reader.pools, ...(await context.view.poolsOf(reader.user))]) {
    const members = await context.view.poolMembers(pool);
    if (members?.has(own) === true && members.has(other)) return true;
  }
  return false;
}
