// What a chain amounts to after its newest link, and the rows in which servers and clients keep it.
// A row is versioned deterministic CBOR; a row of another version is refused, never guessed at.

import type { Bytes } from '../encoding/bytes.ts';
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts';
import { accept, type Result } from '../encoding/result.ts';
import {
  array,
  bytes,
  headShape,
  map,
  oneOf,
  refShape,
  type ShapeType,
  uint,
} from '../encoding/shape.ts';
import {
  CHAIN_LINKS_MAX,
  POOL_INVITES_OPEN_MAX,
  POOL_MEMBERS_MAX,
  STATE_ROW_BYTES_MAX,
  USER_PASSKEYS_MAX,
} from '../limits.ts';
import { capabilityShape, credentialShape, deviceShape, poolRoleShape } from './statements.ts';

const position = {
  ref: refShape,
  /** Of the newest link; the genesis is 0. */
  seq: uint(CHAIN_LINKS_MAX),
  /** Link hash of the newest link. */
  head: bytes(32),
  /** Latest log time so far: what expiry is judged by, never going back along a chain. */
  timeMs: uint(),
  /** Envelope bytes of all links together. */
  chainBytes: uint(),
};

export const deviceEntryShape = map({
  id: bytes(32),
  keys: deviceShape,
  capability: capabilityShape,
  expiry: uint(),
  addedSeq: uint(),
});
/** A device of a user. Expired ones stay listed: what they signed before stays valid. */
export type DeviceEntry = ShapeType<typeof deviceEntryShape>;

const userStateFields = {
  ...position,
  handle: bytes(32),
  policy: oneOf(0, 1),
  credentials: array(credentialShape, USER_PASSKEYS_MAX, 1),
  devices: array(deviceEntryShape, CHAIN_LINKS_MAX + 1, 1),
};
const userStateOptional = { recovery: bytes(32) };
const userStateShape = map(userStateFields, userStateOptional);
export type UserState = ShapeType<typeof userStateShape>;

export const memberEntryShape = map({
  user: refShape,
  role: poolRoleShape,
  joinedSeq: uint(),
  /** Newest head of the member's own chain that a link of this pool cites. */
  userHead: headShape,
});
export type MemberEntry = ShapeType<typeof memberEntryShape>;

export const inviteEntryShape = map({
  hash: bytes(32),
  key: bytes(65),
  role: poolRoleShape,
  usesLeft: uint(1),
  expiry: uint(),
});
/** An invite that has not expired at the newest link. A used one stays until then. */
export type InviteEntry = ShapeType<typeof inviteEntryShape>;

const poolStateFields = {
  ...position,
  members: array(memberEntryShape, POOL_MEMBERS_MAX, 1),
  invites: array(inviteEntryShape, POOL_INVITES_OPEN_MAX + POOL_MEMBERS_MAX),
};
const poolStateShape = map(poolStateFields);
export type PoolState = ShapeType<typeof poolStateShape>;

const v = oneOf(1);
const userRowShape = map({ v, ...userStateFields }, userStateOptional);
const poolRowShape = map({ v, ...poolStateFields });

export function encodeUserState(state: UserState): Bytes {
  return encodeCbor({ v: 1, ...state });
}

export function decodeUserState(row: Bytes): Result<UserState> {
  const decoded = decodeCbor(row, userRowShape, STATE_ROW_BYTES_MAX);
  if (!decoded.ok) return decoded;
  const { v: _version, ...state } = decoded.value;
  return accept(state);
}

export function encodePoolState(state: PoolState): Bytes {
  return encodeCbor({ v: 1, ...state });
}

export function decodePoolState(row: Bytes): Result<PoolState> {
  const decoded = decodeCbor(row, poolRowShape, STATE_ROW_BYTES_MAX);
  if (!decoded.ok) return decoded;
  const { v: _version, ...state } = decoded.value;
  return accept(state);
}
