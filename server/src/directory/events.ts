// What apply tells every node's listeners once reads there see the writes: the hub pushes chain
// changes and closes sockets, the outbox pump wakes up.

import {
  bytes,
  decodeCbor,
  encodeCbor,
  headShape,
  map,
  oneOf,
  type Result,
  refShape,
  type ShapeType,
  union,
} from '@rockpool/protocol';
import type { Bytes } from './ports.ts';

const v = oneOf(1);
const EVENT_BYTES_MAX = 1024;

const eventShape = union('event', {
  /** A link was added to the user's chain (seq 0: a new account). */
  userChanged: map({ v, event: oneOf('userChanged'), user: refShape, head: headShape }),
  /** A device of the user tries a code, to meet a new device. */
  userMeets: map({ v, event: oneOf('userMeets'), user: refShape, device: bytes(32) }),
  /** The account was dropped: it never joined a pool. Close its sockets. */
  userDropped: map({ v, event: oneOf('userDropped'), user: refShape }),
  /** A link was added to the pool's chain. `joined` is the user it made a member, if it did. */
  poolChanged: map(
    { v, event: oneOf('poolChanged'), pool: refShape, head: headShape },
    { joined: refShape },
  ),
  /** The user's own list of pools has grown (from the user's shard). */
  memberJoined: map({ v, event: oneOf('memberJoined'), user: refShape, pool: refShape }),
  /** A row waits in this shard's outbox. */
  outboxAdded: map({ v, event: oneOf('outboxAdded'), id: bytes(32) }),
  /** The grace of this group was opened, has begun or has ended. */
  graceChanged: map({ v, event: oneOf('graceChanged') }),
  /** The first-admin link was used. */
  adminClaimed: map({ v, event: oneOf('adminClaimed'), user: refShape }),
});
export type DirectoryEvent = ShapeType<typeof eventShape>;

type Unversioned<E> = E extends DirectoryEvent ? Omit<E, 'v'> : never;

export function encodeEvent(event: Unversioned<DirectoryEvent>): Bytes {
  return encodeCbor({ v: 1, ...event });
}

/** Never throws. */
export function decodeEvent(event: Bytes): Result<DirectoryEvent> {
  return decodeCbor(event, eventShape, EVENT_BYTES_MAX);
}
