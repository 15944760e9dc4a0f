// What a node may say to a client over its WebSocket. Answers carry the `re` of their request;
// the rest is pushed.

import type { Bytes } from '../encoding/bytes.ts';
import { decodeCbor } from '../encoding/cbor.ts';
import type { Result } from '../encoding/result.ts';
import {
  array,
  bytes,
  bytesUpTo,
  headShape,
  map,
  oneOf,
  refShape,
  type ShapeType,
  text,
  uint,
  union,
} from '../encoding/shape.ts';
import {
  CHAIN_PAGE_LINKS_MAX,
  ENVELOPE_BYTES_MAX,
  FRAME_BYTES_MAX,
  MEETING_BODY_BYTES_MAX,
  MEETING_CODE_CHARS,
  PRESENCE_DEVICES_MAX,
  SIGNAL_BODY_BYTES_MAX,
  USER_POOLS_MAX,
} from '../limits.ts';

const re = uint(2 ** 32 - 1);
const chainName = oneOf('user', 'pool');

/** A link as it is stored and sent: the envelope's bytes beside the time of its log entry. */
export const storedLinkShape = map({
  envelope: bytesUpTo(ENVELOPE_BYTES_MAX),
  time: uint(),
});
export type StoredLink = ShapeType<typeof storedLinkShape>;

/** One device online in a pool, and the name of the node that holds its socket. */
export const onlineDeviceShape = map({
  user: refShape,
  device: bytes(32),
  node: text(16),
});
export type OnlineDevice = ShapeType<typeof onlineDeviceShape>;

export const nodeStateShape = map({
  id: bytes(16),
  name: text(16),
  up: oneOf(0, 1),
});
export type NodeState = ShapeType<typeof nodeStateShape>;

export const serverFrameShape = union('type', {
  /** First frame on every socket. The nonce belongs to this socket only. */
  hello: map(
    {
      type: oneOf('hello'),
      version: uint(),
      realm: bytes(32),
      cluster: bytes(16),
      node: bytes(16),
      name: text(16),
      nonce: bytes(32),
      time: uint(),
      nodes: array(nodeStateShape, 32),
      /** STUN addresses of the cluster, as `stun:host:port`. */
      stun: array(text(300), 16),
      /** Relying party id that passkeys of this place belong to. */
      rpId: text(255),
      /** 1 until the first administrator has claimed this place. */
      unclaimed: oneOf(0, 1),
    },
    /** The nodes came back from an older state: until then they take links back that they lost. */
    { grace: uint() },
  ),
  /** Done. For a statement: its place in the chain and the time of its log entry. */
  ok: map({ type: oneOf('ok'), re }, { head: headShape, time: uint() }),
  error: map(
    { type: oneOf('error'), re, code: text(64) },
    { detail: text(200), retryAfterMs: uint() },
  ),
  /** A page of a chain. `more` = 1: ask again from the next seq. */
  chain: map(
    {
      type: oneOf('chain'),
      re,
      chain: chainName,
      ref: refShape,
      from: uint(),
      links: array(storedLinkShape, CHAIN_PAGE_LINKS_MAX),
      more: oneOf(0, 1),
    },
    /** Where the chain stands here, for who asked beyond it. */
    { head: headShape },
  ),
  pools: map({
    type: oneOf('pools'),
    re,
    pools: array(refShape, USER_POOLS_MAX),
  }),
  /** TURN servers, none where there is no relay; the credentials end at `expiry` (node's clock). */
  relays: map(
    {
      type: oneOf('relays'),
      re,
      urls: array(text(300), 16),
      username: text(120),
      credential: text(200),
    },
    { expiry: uint() },
  ),
  /** All devices online in a pool; sent after watch and whenever the set changes. */
  presence: map({
    type: oneOf('presence'),
    pool: refShape,
    devices: array(onlineDeviceShape, PRESENCE_DEVICES_MAX),
  }),
  /** A link was added to a watched pool, or to a chain of one of its members. */
  changed: map({
    type: oneOf('changed'),
    chain: chainName,
    ref: refShape,
    head: headShape,
  }),
  signal: map({
    type: oneOf('signal'),
    pool: refShape,
    user: refShape,
    from: bytes(32),
    body: bytesUpTo(SIGNAL_BODY_BYTES_MAX, 1),
  }),
  /** The code that a device without an account waits under, and until when (node's clock). */
  rendezvous: map({
    type: oneOf('rendezvous'),
    re,
    code: text(MEETING_CODE_CHARS),
    expiry: uint(),
  }),
  /** To the device that came: the new one's address as its node sees it; 1 where it is the same. */
  meeting: map({ type: oneOf('meeting'), re, address: text(64), nearby: oneOf(0, 1) }),
  /** To the device that waits: another one has come. */
  met: map({ type: oneOf('met') }),
  passed: map({ type: oneOf('passed'), body: bytesUpTo(MEETING_BODY_BYTES_MAX, 1) }),
  /** The meeting is over: the other side left, or its time was. */
  parted: map({ type: oneOf('parted') }),
  /** To every device of a user: this one of them has gone to meet a new device. */
  meets: map({ type: oneOf('meets'), device: bytes(32) }),
  /** Which nodes are up, whenever that changes. */
  nodes: map({ type: oneOf('nodes'), nodes: array(nodeStateShape, 32) }),
  /** This node is going away; `to` names nodes to try instead. */
  drain: map({ type: oneOf('drain'), to: array(text(16), 32) }),
  pong: map({ type: oneOf('pong'), re }),
});
export type ServerFrame = ShapeType<typeof serverFrameShape>;
export type ServerFrameType = ServerFrame['type'];
export type ServerHello = Extract<ServerFrame, { type: 'hello' }>;

export function decodeServerFrame(frame: Bytes): Result<ServerFrame> {
  return decodeCbor(frame, serverFrameShape, FRAME_BYTES_MAX * 2);
}
