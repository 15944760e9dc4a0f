// The account of this device: who the person is and under which name the platform holds the keys.

import {
  type Bytes,
  bytes,
  decodeCbor,
  encodeCbor,
  map,
  oneOf,
  refShape,
  type ShapeType,
  text,
  uint,
} from '@rockpool/protocol';
import type { StorePort } from '../ports.ts';
import { rowKeys } from './row-keys.ts';
import type { RowWriter } from './row-writer.ts';

const accountShape = map({
  v: oneOf(1),
  realm: bytes(32),
  user: refShape,
  device: bytes(32),
  /** Name of the key pairs in the platform's key store. */
  keys: text(64),
  expiry: uint(),
});
export type Account = Omit<ShapeType<typeof accountShape>, 'v'>;

const ACCOUNT_BYTES_MAX = 1024;

export async function loadAccount(store: StorePort): Promise<Account | undefined> {
  const row = await store.get(rowKeys.account);
  if (row === undefined) return undefined;
  const decoded = decodeCbor(row, accountShape, ACCOUNT_BYTES_MAX);
  if (!decoded.ok) return undefined;
  const { v: _version, ...account } = decoded.value;
  return account;
}

export function saveAccount(writer: RowWriter, account: Account): Promise<void> {
  return writer.put(rowKeys.account, encodeCbor({ v: 1, ...account }));
}

const profileShape = map({ v: oneOf(1), name: text(64), hue: uint(359) });

/** How the person wants to be called, once they have said so. */
export interface Profile {
  readonly name: string;
  readonly hue: number;
}

export async function loadProfile(store: StorePort): Promise<Profile | undefined> {
  const row: Bytes | undefined = await store.get(rowKeys.profile);
  if (row === undefined) return undefined;
  const decoded = decodeCbor(row, profileShape, ACCOUNT_BYTES_MAX);
  return decoded.ok ? { name: decoded.value.name, hue: decoded.value.hue } : undefined;
}

export function saveProfile(writer: RowWriter, profile: Profile): Promise<void> {
  return writer.put(rowKeys.profile, encodeCbor({ v: 1, ...profile }));
}
