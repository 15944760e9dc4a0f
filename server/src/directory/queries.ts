// What a node reads from its applied rows: without a quorum, and as old as its newest applied entry.
// Whoever needs a linearizable answer waits for the cluster's barrier first.

import {
  CHAIN_PAGE_BYTES_MAX,
  CHAIN_PAGE_LINKS_MAX,
  type Head,
  type PoolState,
  type Ref,
  type StoredLink,
  slotOf,
  type UserState,
} from '@rockpool/protocol';
import {
  ADMINS_KEY,
  FIRST_ADMIN_KEY,
  meetingTriesKey,
  memberEvidenceKey,
  pendingAccountKey,
  poolLinkKey,
  poolLinksPrefix,
  poolStateKey,
  userHandleKey,
  userLinkKey,
  userLinksPrefix,
  userPoolsKey,
  userStateKey,
} from './keys.ts';
import { type Bytes, META_SLOT, type RowReader } from './ports.ts';
import {
  adminsRow,
  type FirstAdminRow,
  firstAdminRow,
  handleRow,
  linkRow,
  type MeetingTriesRow,
  meetingTriesRow,
  type PendingAccountRow,
  pendingAccountRow,
  poolStateRow,
  userPoolsRow,
  userStateRow,
} from './rows.ts';

export type ChainName = 'user' | 'pool';

export interface ChainPage {
  readonly links: readonly StoredLink[];
  /** Ask again from the next seq. */
  readonly more: boolean;
  /** Where the chain stands, for who asks beyond it. */
  readonly head?: Head;
}

export async function userState(reader: RowReader, user: Ref): Promise<UserState | undefined> {
  const row = await reader.get(user[0], userStateKey(user[1]));
  return row && userStateRow.decode(row);
}

export async function poolState(reader: RowReader, pool: Ref): Promise<PoolState | undefined> {
  const row = await reader.get(pool[0], poolStateKey(pool[1]));
  return row && poolStateRow.decode(row);
}

/** The user whose passkeys present this handle. */
export async function userByHandle(
  reader: RowReader,
  handle: Bytes,
): Promise<UserState | undefined> {
  const slot = slotOf(handle);
  const row = await reader.get(slot, userHandleKey(handle));
  return row && userState(reader, [slot, handleRow.decode(row).id]);
}

/** The links from seq `from` on, as many as fit into one frame. Undefined: no such chain. */
export async function chainPage(
  reader: RowReader,
  chain: ChainName,
  ref: Ref,
  from: number,
): Promise<ChainPage | undefined> {
  const state = await (chain === 'user' ? userState(reader, ref) : poolState(reader, ref));
  if (state === undefined) return undefined;
  if (from > state.seq) return { links: [], more: false, head: [state.seq, state.head] };
  const [slot, id] = ref;
  const prefix = chain === 'user' ? userLinksPrefix(id) : poolLinksPrefix(id);
  const keyOf = chain === 'user' ? userLinkKey : poolLinkKey;
  const start = from === 0 ? {} : { after: keyOf(id, from - 1) };
  const rows = await reader.scan(slot, { prefix, ...start, limit: CHAIN_PAGE_LINKS_MAX });
  const links: StoredLink[] = [];
  let bytes = 0;
  for (const { value } of rows) {
    if (value === null) break;
    bytes += value.length;
    if (bytes > CHAIN_PAGE_BYTES_MAX) break;
    links.push(linkRow.decode(value));
  }
  return { links, more: from + links.length <= state.seq };
}

/** The pools that the user is in, from the user's own shard. */
export async function poolsOf(reader: RowReader, user: Ref): Promise<readonly Ref[]> {
  const row = await reader.get(user[0], userPoolsKey(user[1]));
  return row === undefined ? [] : userPoolsRow.decode(row).pools;
}

/** The account still waits for its first join; undefined once it has one, or is no account. */
export async function pendingAccount(
  reader: RowReader,
  user: Ref,
): Promise<PendingAccountRow | undefined> {
  const row = await reader.get(user[0], pendingAccountKey(user[1]));
  return row && pendingAccountRow.decode(row);
}

/** Codes of new devices that the user has tried lately. */
export async function meetingTries(
  reader: RowReader,
  user: Ref,
): Promise<MeetingTriesRow | undefined> {
  const row = await reader.get(user[0], meetingTriesKey(user[1]));
  return row && meetingTriesRow.decode(row);
}

/** The newest state of this user's chain that the pool has seen. */
export async function memberEvidence(
  reader: RowReader,
  pool: Ref,
  user: Ref,
): Promise<UserState | undefined> {
  const row = await reader.get(pool[0], memberEvidenceKey(pool[1], user[1]));
  return row && userStateRow.decode(row);
}

export async function firstAdmin(reader: RowReader): Promise<FirstAdminRow | undefined> {
  const row = await reader.get(META_SLOT, FIRST_ADMIN_KEY);
  return row && firstAdminRow.decode(row);
}

/** Empty until the first-admin link has been used. */
export async function admins(reader: RowReader): Promise<readonly Ref[]> {
  const row = await reader.get(META_SLOT, ADMINS_KEY);
  return row === undefined ? [] : adminsRow.decode(row).users;
}
