// The values of the directory's rows. Each is versioned CBOR. A row is written by apply alone, so one
// that cannot be read is damage or a bug, and stops the node: guessing would let replicas differ.

import {
  array,
  bytes,
  decodeCbor,
  decodePoolState,
  decodeUserState,
  encodeCbor,
  encodePoolState,
  encodeUserState,
  MEETING_TRIES_MAX,
  map,
  oneOf,
  type PoolState,
  type Result,
  refShape,
  type Shape,
  type ShapeType,
  STATE_ROW_BYTES_MAX,
  type StoredLink,
  storedLinkShape,
  USER_POOLS_MAX,
  type UserState,
  uint,
} from '@rockpool/protocol';
import type { Bytes } from './ports.ts';

const v = oneOf(1);

/** Administrators listed by first-admin links; the oldest stay. */
export const ADMINS_MAX = 64;

const userPoolsShape = map({ v, pools: array(refShape, USER_POOLS_MAX) });

const pendingAccountShape = map({ v, since: uint(), pool: refShape });
export type PendingAccountRow = Unversioned<ShapeType<typeof pendingAccountShape>>;

const meetingTriesShape = map({ v, since: uint(), count: uint(MEETING_TRIES_MAX) });
export type MeetingTriesRow = Unversioned<ShapeType<typeof meetingTriesShape>>;

/** The user is to be told that they are a member of the pool. */
const outboxShape = map({ v, kind: oneOf('memberJoined'), user: refShape, pool: refShape });

const firstAdminShape = map({ v, tokenHash: bytes(32), expiry: uint() }, { claimed: refShape });
export type FirstAdminRow = Unversioned<ShapeType<typeof firstAdminShape>>;

const adminsShape = map({ v, users: array(refShape, ADMINS_MAX) });

const handleShape = map({ v, id: bytes(32) });

export type Unversioned<T> = Omit<T, 'v'>;

export interface RowCodec<T> {
  encode(value: T): Bytes;
  /** Throws on bytes that apply would not have written. */
  decode(row: Bytes): T;
}

export function codec<T>(
  encode: (value: T) => Bytes,
  read: (row: Bytes) => Result<T>,
): RowCodec<T> {
  return {
    encode,
    decode(row) {
      const decoded = read(row);
      if (!decoded.ok) throw new Error(`unreadable directory row: ${decoded.detail}`);
      return decoded.value;
    },
  };
}

export function versioned<T extends { readonly v: 1 }>(shape: Shape<T>): RowCodec<Unversioned<T>> {
  return codec(
    (value) => encodeCbor({ v: 1, ...value }),
    (row) => decodeCbor(row, shape, STATE_ROW_BYTES_MAX),
  );
}

export const userStateRow: RowCodec<UserState> = codec(encodeUserState, decodeUserState);
export const poolStateRow: RowCodec<PoolState> = codec(encodePoolState, decodePoolState);
export const linkRow: RowCodec<StoredLink> = codec(encodeCbor, (row) =>
  decodeCbor(row, storedLinkShape, STATE_ROW_BYTES_MAX),
);
export const userPoolsRow = versioned(userPoolsShape);
export const pendingAccountRow = versioned(pendingAccountShape);
export const meetingTriesRow = versioned(meetingTriesShape);
export const outboxRow = versioned(outboxShape);
export const firstAdminRow = versioned(firstAdminShape);
export const adminsRow = versioned(adminsShape);
export const handleRow = versioned(handleShape);
