// What a node reads of graces and of what chains have collected in them.

import { type Ref, toHex, type UserState } from '@rockpool/protocol';
import {
  type BranchesRow,
  branchesRow,
  type PoolBranchState,
  poolBranchRow,
} from '../directory/branch-rows.ts';
import { type GraceRow, graceRow } from '../directory/grace.ts';
import { branchesKey, branchStateKey, GRACE_KEY, prefixOf } from '../directory/keys.ts';
import type { Bytes, GroupReader, RowReader } from '../directory/ports.ts';
import { userStateRow } from '../directory/rows.ts';

/** What one scan brings into memory, at about 100 KB for the largest. */
const CHAINS_PER_SCAN_MAX = 64;
const OVERRULED_PER_SCAN_MAX = 10_000;
const HASH_BYTES = 32;

export interface CollectedChain {
  readonly ref: Ref;
  readonly branches: BranchesRow;
}

export async function graceOf(
  reader: Pick<RowReader, 'getOfGroup'>,
  group: number,
): Promise<GraceRow | undefined> {
  const row = await reader.getOfGroup(group, GRACE_KEY);
  return row && graceRow.decode(row);
}

/** Chains of a group that have collected links: until a branch is chosen. However many wait for a person, all are found. */
export async function* collectedChains(
  reader: GroupReader,
  group: number,
): AsyncGenerator<CollectedChain> {
  const page = { prefix: prefixOf('branches'), limit: CHAINS_PER_SCAN_MAX };
  let rows = await reader.scanGroup(group, page);
  while (rows.length > 0) {
    for (const { slot, key, value } of rows) {
      yield { ref: [slot, key.slice(page.prefix.length)], branches: branchesRow.decode(value) };
    }
    const after = rows.at(-1);
    if (after === undefined || rows.length < page.limit) return;
    rows = await reader.scanGroup(group, { ...page, after });
  }
}

export async function branchesOf(reader: RowReader, ref: Ref): Promise<BranchesRow | undefined> {
  const row = await reader.get(ref[0], branchesKey(ref[1]));
  return row && branchesRow.decode(row);
}

export async function userBranchState(
  reader: RowReader,
  user: Ref,
  hash: Bytes,
): Promise<UserState | undefined> {
  const row = await reader.get(user[0], branchStateKey(user[1], hash));
  return row && userStateRow.decode(row);
}

export async function poolBranchState(
  reader: RowReader,
  pool: Ref,
  hash: Bytes,
): Promise<PoolBranchState | undefined> {
  const row = await reader.get(pool[0], branchStateKey(pool[1], hash));
  return row && poolBranchRow.decode(row);
}

/** Links of branches that were not chosen, and how many chains they are of: as many as one scan finds. */
export async function overruledLinks(
  reader: GroupReader,
  group: number,
): Promise<{ readonly links: number; readonly chains: number }> {
  const prefix = prefixOf('overruledLink');
  const rows = await reader.scanGroup(group, { prefix, limit: OVERRULED_PER_SCAN_MAX });
  const chains = new Set(rows.map(({ key }) => toHex(key.slice(prefix.length, -HASH_BYTES))));
  return { links: rows.length, chains: chains.size };
}
