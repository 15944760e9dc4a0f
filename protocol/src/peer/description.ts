// Session descriptions between two devices of a pool: the exact SDP bytes, signed together with
// who speaks to whom, so that no relay can put its own DTLS fingerprint in between. What a signal
// carries is one of these, sealed to the target device.

import type { Bytes } from '../encoding/bytes.ts';
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts';
import { signInput } from '../encoding/hash.ts';
import { accept, type Result, refuse } from '../encoding/result.ts';
import {
  bytes,
  bytesUpTo,
  map,
  oneOf,
  type ShapeType,
  text,
  uint,
  union,
} from '../encoding/shape.ts';
import { SDP_BYTES_MAX, SIGNAL_BODY_BYTES_MAX } from '../limits.ts';

/** Length of an HPKE encapsulated P-256 key in front of every sealed body. */
export const SEAL_KEY_BYTES = 65;

export const peerSignalShape = union('type', {
  /** `sig` (tag sdp) covers descriptionSignInput of everything else in the frame. */
  description: map(
    {
      type: oneOf('description'),
      pool: bytes(32),
      from: bytes(32),
      to: bytes(32),
      /** Names one peer connection; chosen by the offerer of its first offer. */
      connection: bytes(16),
      role: oneOf('offer', 'answer'),
      sdp: bytesUpTo(SDP_BYTES_MAX, 1),
      time: uint(),
      sig: bytes(64),
    },
    {
      /** An answer names the offer it answers: SHA-256 of the offer's SDP bytes. */
      offer: bytes(32),
    },
  ),
  candidate: map({
    type: oneOf('candidate'),
    pool: bytes(32),
    connection: bytes(16),
    /** Empty text marks the end of candidates. */
    candidate: text(1024),
    mid: text(64),
  }),
  /** Asks the other side to begin again (its connection is gone or was refused). */
  restart: map({
    type: oneOf('restart'),
    pool: bytes(32),
    connection: bytes(16),
  }),
});
export type PeerSignal = ShapeType<typeof peerSignalShape>;
export type SignedDescription = Extract<PeerSignal, { type: 'description' }>;

export function decodePeerSignal(body: Bytes): Result<PeerSignal> {
  return decodeCbor(body, peerSignalShape, SIGNAL_BODY_BYTES_MAX);
}

/** Covers every field but `type` and the signature itself. */
export function descriptionSignInput(description: Omit<SignedDescription, 'sig'>): Bytes {
  const { pool, from, to, connection, role, sdp, time, offer } = description;
  return signInput('sdp', encodeCbor({ pool, from, to, connection, role, sdp, time, offer }));
}

/** Parsers differ in what they overlook, so the word itself may stand there only once. */
const FINGERPRINT_WORD = /fingerprint/gi;
const FINGERPRINT_LINE = /^a=fingerprint:sha-256 ((?:[0-9a-f]{2}:){31}[0-9a-f]{2})\r?$/im;

/** The one SHA-256 certificate fingerprint of an SDP, as 32 bytes; refused if not exactly one. */
export function sdpFingerprint(sdp: string): Result<Bytes> {
  const pairs = FINGERPRINT_LINE.exec(sdp)?.[1];
  if (pairs === undefined || sdp.match(FINGERPRINT_WORD)?.length !== 1) {
    return refuse('PEER_FINGERPRINT', 'wants exactly one sha-256 fingerprint of 32 bytes');
  }
  return accept(Uint8Array.from(pairs.split(':'), (pair) => Number.parseInt(pair, 16)));
}
