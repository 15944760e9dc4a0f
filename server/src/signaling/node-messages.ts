// What two nodes say to each other about their clients' sockets: presence, signals for a device that the
// other node holds, and meetings of which each holds one side. Deterministic CBOR, one closed union, versioned, size-limited.

import {
  array,
  type Bytes,
  bytes,
  bytesUpTo,
  decodeCbor,
  encodeCbor,
  MEETING_BODY_BYTES_MAX,
  MEETING_CODE_CHARS,
  map,
  oneOf,
  type Result,
  refShape,
  type ShapeType,
  SIGNAL_BODY_BYTES_MAX,
  text,
  tuple,
  uint,
  union,
} from '@rockpool/protocol';

const NODE_MESSAGE_BYTES_MAX = 64 * 1024;
/** Entries in one message: about 130 bytes each. */
export const PRESENCE_ENTRIES_PER_MESSAGE_MAX = 400;
/** Parts of one full state: enough for every socket of a node watching its 64 pools. */
export const RESET_PARTS_MAX = 2048;

const v = oneOf(1);
/** Whose presence this is: a node's data directory (incarnation) and start (boot). */
const source = { incarnation: bytes(16), boot: uint() };
/** [pool, user, device, since]: a device is online in a pool, at this node, since then (ms). */
const onlineEntry = tuple(refShape, refShape, bytes(32), uint());
/** The same, and 1 when it came or 0 when it went. */
const changeEntry = tuple(refShape, refShape, bytes(32), uint(), oneOf(0, 1));

const nodeMessageShape = union('type', {
  /** Everything that is online here, as of delta `seq`; replaces what the receiver held. */
  reset: map({
    v,
    type: oneOf('reset'),
    ...source,
    seq: uint(),
    part: uint(RESET_PARTS_MAX - 1),
    parts: uint(RESET_PARTS_MAX),
    devices: array(onlineEntry, PRESENCE_ENTRIES_PER_MESSAGE_MAX),
  }),
  delta: map({
    v,
    type: oneOf('delta'),
    ...source,
    seq: uint(),
    changes: array(changeEntry, PRESENCE_ENTRIES_PER_MESSAGE_MAX, 1),
  }),
  /** Still here, and `seq` is the newest delta sent: renews the lease, shows up a lost delta. */
  lease: map({ v, type: oneOf('lease'), ...source, seq: uint() }),
  /** Please send a reset. */
  ask: map({ v, type: oneOf('ask') }),
  /** For a device that the receiver holds. The body is sealed. */
  signal: map({
    v,
    type: oneOf('signal'),
    pool: refShape,
    user: refShape,
    from: bytes(32),
    to: bytes(32),
    body: bytesUpTo(SIGNAL_BODY_BYTES_MAX, 1),
  }),
  /** Does a new device wait at the receiver under this code? Answered by `met`, or `part` for no. */
  meet: map({ v, type: oneOf('meet'), id: bytes(16), code: text(MEETING_CODE_CHARS) }),
  /** It does, and this is the new device's address. */
  met: map({ v, type: oneOf('met'), id: bytes(16), address: text(64) }),
  pass: map({
    v,
    type: oneOf('pass'),
    id: bytes(16),
    body: bytesUpTo(MEETING_BODY_BYTES_MAX, 1),
  }),
  /** This side of the meeting is over. */
  part: map({ v, type: oneOf('part'), id: bytes(16) }),
});
export type NodeMessage = ShapeType<typeof nodeMessageShape>;
export type PresenceMessage = Extract<NodeMessage, { type: 'reset' | 'delta' | 'lease' }>;
export type MeetingMessage = Extract<NodeMessage, { type: 'meet' | 'met' | 'pass' | 'part' }>;
export type OnlineEntry = ShapeType<typeof onlineEntry>;
export type ChangeEntry = ShapeType<typeof changeEntry>;

export function encodeNodeMessage(message: NodeMessage): Bytes {
  return encodeCbor(message);
}

/** Never throws. */
export function decodeNodeMessage(message: Bytes): Result<NodeMessage> {
  return decodeCbor(message, nodeMessageShape, NODE_MESSAGE_BYTES_MAX);
}
