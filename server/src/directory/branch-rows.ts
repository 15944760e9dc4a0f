// What a chain collected: where each link stands, and the states after the newest link of each offer. States lie apart,
// since most links need none, and links lie apart, since choosing between them takes only their places and signers.

import {
  array,
  BRANCH_BYTES_MAX,
  BRANCH_LINKS_MAX,
  type BranchLink,
  bytes,
  bytesUpTo,
  CREDENTIAL_ID_BYTES_MAX,
  decodeCbor,
  decodePoolState,
  decodeUserState,
  encodeCbor,
  encodePoolState,
  encodeUserState,
  map,
  oneOf,
  type PoolState,
  type ShapeType,
  STATE_ROW_BYTES_MAX,
  type UserState,
  uint,
} from '@rockpool/protocol';
import { codec, type RowCodec, type Unversioned, versioned } from './rows.ts';

/** Names of signers and revoked ones in one link. */
const NAMES_MAX = 64;
const v = oneOf(1);
const name = bytesUpTo(CREDENTIAL_ID_BYTES_MAX, 1);

const branchEntryShape = map(
  {
    hash: bytes(32),
    prev: bytes(32),
    seq: uint(),
    /** Log time, as the earliest offer had it. */
    time: uint(),
    signers: array(name, NAMES_MAX, 1),
    revokes: array(name, NAMES_MAX),
  },
  /** User id of the member whom it makes. */
  { joined: bytes(32) },
);
/** One collected link. */
export type BranchEntry = ShapeType<typeof branchEntryShape> & BranchLink;

/** After which link a state is kept, and how large it is. */
const keptStateShape = map({ hash: bytes(32), bytes: uint(BRANCH_BYTES_MAX) });
export type KeptState = ShapeType<typeof keptStateShape>;

const branchesShape = map(
  {
    v,
    chain: oneOf('user', 'pool'),
    /** Envelopes together. */
    bytes: uint(BRANCH_BYTES_MAX),
    links: array(branchEntryShape, BRANCH_LINKS_MAX),
    /** The newest last. */
    states: array(keptStateShape, BRANCH_LINKS_MAX),
  },
  /** The rule chose none: newest links of those that a person may take. */
  { open: array(bytes(32), BRANCH_LINKS_MAX, 2) },
);
export type BranchesRow = Unversioned<ShapeType<typeof branchesShape>>;

export const branchesRow = versioned(branchesShape);

/** A pool's state, and those of the authors whose newer links its branch brought to the pool. */
export interface PoolBranchState {
  readonly state: PoolState;
  readonly authors: readonly UserState[];
}

const poolBranchShape = map({
  v,
  state: bytesUpTo(STATE_ROW_BYTES_MAX, 1),
  authors: array(bytesUpTo(STATE_ROW_BYTES_MAX, 1), BRANCH_LINKS_MAX),
});

export const poolBranchRow: RowCodec<PoolBranchState> = codec(
  ({ state, authors }) =>
    encodeCbor({ v: 1, state: encodePoolState(state), authors: authors.map(encodeUserState) }),
  (row) => {
    const decoded = decodeCbor(row, poolBranchShape, BRANCH_BYTES_MAX);
    if (!decoded.ok) return decoded;
    const state = decodePoolState(decoded.value.state);
    if (!state.ok) return state;
    const authors: UserState[] = [];
    for (const bytesOf of decoded.value.authors) {
      const author = decodeUserState(bytesOf);
      if (!author.ok) return author;
      authors.push(author.value);
    }
    return { ok: true, value: { state: state.value, authors } };
  },
);
