// What a client may say to a node over its WebSocket: one closed set of deterministic CBOR maps.
// `re` numbers a request; the node answers it with ok, chain or error carrying the same number.
// Before `auth` a socket may send only what proves itself: enrol, register, prove, and ping.

import type { Bytes } from '../encoding/bytes.ts';
import { decodeCbor } from '../encoding/cbor.ts';
import type { Result } from '../encoding/result.ts';
import {
  array,
  bytes,
  bytesUpTo,
  map,
  oneOf,
  refShape,
  type ShapeType,
  text,
  uint,
  union,
} from '../encoding/shape.ts';
import {
  CREDENTIAL_ID_BYTES_MAX,
  ENVELOPE_BYTES_MAX,
  FRAME_BYTES_MAX,
  MEETING_BODY_BYTES_MAX,
  MEETING_CODE_CHARS,
  OFFER_EVIDENCE_LINKS_MAX,
  OFFER_LINKS_MAX,
  SIGNAL_BODY_BYTES_MAX,
  WATCHED_POOLS_MAX,
} from '../limits.ts';
import { storedLinkShape } from './server-frames.ts';

const re = uint(2 ** 32 - 1);
const envelope = bytesUpTo(ENVELOPE_BYTES_MAX);
const chainName = oneOf('user', 'pool');

export const clientFrameShape = union('type', {
  /** A device shows itself: signature (tag ws) over socketProofBytes. */
  auth: map({
    type: oneOf('auth'),
    re,
    user: refShape,
    device: bytes(32),
    expiry: uint(),
    sig: bytes(64),
  }),
  /**
   * Sign-in on a further device: a passkey assertion over an enrolment certificate. Answered with
   * the chain of the user whose handle the passkey presented.
   */
  enrol: map({
    type: oneOf('enrol'),
    re,
    certificate: bytesUpTo(1024),
    credential: bytesUpTo(CREDENTIAL_ID_BYTES_MAX, 1),
    authData: bytesUpTo(2048),
    clientData: bytesUpTo(4096),
    sig: bytesUpTo(1024),
    handle: bytes(32),
  }),
  /** A new account: genesis, the passkey's registration, and what admits it. */
  register: map(
    {
      type: oneOf('register'),
      re,
      genesis: envelope,
      attestation: bytesUpTo(16 * 1024),
      clientData: bytesUpTo(4096),
    },
    {
      /** First administrator's one-time token (from the operator's link). */
      token: bytes(32),
      /** Admission by an invite: signature (tag admit) over realm and userHandle. */
      admission: map({ pool: refShape, key: bytes(65), sig: bytes(64) }),
    },
  ),
  /** Proof of an invite key (tag ws over inviteProofBytes); answered with the pool's chain. */
  prove: map({
    type: oneOf('prove'),
    re,
    pool: refShape,
    key: bytes(65),
    expiry: uint(),
    sig: bytes(64),
  }),
  /** A link for a user's or pool's chain. The node adds the evidence that the pool's shard needs. */
  statement: map({
    type: oneOf('statement'),
    re,
    chain: chainName,
    ref: refShape,
    envelope,
  }),
  /**
   * Links that a restored cluster lacks, after the link `parent`; without it, from the genesis on. `evidence` are links of the
   * authors' own chains that it may lack as well; `pool` has the join that admits an account which was lost.
   */
  offer: map(
    {
      type: oneOf('offer'),
      re,
      chain: chainName,
      ref: refShape,
      links: array(storedLinkShape, OFFER_LINKS_MAX, 1),
      evidence: array(storedLinkShape, OFFER_EVIDENCE_LINKS_MAX),
    },
    { parent: bytes(32), pool: refShape },
  ),
  /** The links of a chain from `from` on. `fresh` asks for a linearizable read. */
  fetch: map({
    type: oneOf('fetch'),
    re,
    chain: chainName,
    ref: refShape,
    from: uint(),
    fresh: oneOf(0, 1),
  }),
  /** The pools that this user is in (own devices only). */
  pools: map({ type: oneOf('pools'), re }),
  /** TURN servers of this place and credentials for them (devices of accounts only). */
  relays: map({ type: oneOf('relays'), re }),
  /** Presence and chain changes of these pools from now on; replaces the former list. */
  watch: map({
    type: oneOf('watch'),
    re,
    pools: array(refShape, WATCHED_POOLS_MAX),
  }),
  /** To one device of a pool that both are in. The body is sealed; no node reads it. */
  signal: map({
    type: oneOf('signal'),
    re,
    pool: refShape,
    to: bytes(32),
    body: bytesUpTo(SIGNAL_BODY_BYTES_MAX, 1),
  }),
  /** A device without an account asks for a code, under which a device of the person finds it. */
  rendezvous: map({ type: oneOf('rendezvous'), re }),
  /** A full device goes to the new device that waits under this code. */
  meet: map({ type: oneOf('meet'), re, code: text(MEETING_CODE_CHARS) }),
  /** To the other device of this socket's meeting. */
  pass: map({ type: oneOf('pass'), re, body: bytesUpTo(MEETING_BODY_BYTES_MAX, 1) }),
  /** Ends this socket's waiting or meeting. */
  part: map({ type: oneOf('part'), re }),
  ping: map({ type: oneOf('ping'), re }),
});
export type ClientFrame = ShapeType<typeof clientFrameShape>;
export type ClientFrameType = ClientFrame['type'];

export function decodeClientFrame(frame: Bytes): Result<ClientFrame> {
  return decodeCbor(frame, clientFrameShape, FRAME_BYTES_MAX);
}

/** Longest origin that a proof may name. */
export const ORIGIN_BYTES_MAX = 255;

/** What a device signs (tag ws) to authenticate one socket. */
export const socketProofShape = map({
  realm: bytes(32),
  node: bytes(16),
  origin: text(ORIGIN_BYTES_MAX),
  nonce: bytes(32),
  device: bytes(32),
  expiry: uint(),
});
export type SocketProof = ShapeType<typeof socketProofShape>;

/** What an invite key signs (tag ws) to be shown the pool's chain. */
export const inviteProofShape = map({
  realm: bytes(32),
  node: bytes(16),
  origin: text(ORIGIN_BYTES_MAX),
  nonce: bytes(32),
  invite: bytes(65),
  expiry: uint(),
});
export type InviteProof = ShapeType<typeof inviteProofShape>;
