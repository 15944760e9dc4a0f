// What two devices say to each other over the control channel of a peer connection (ordered,
// reliable): one closed set of deterministic CBOR maps of at most 64 KiB. Blocks of files travel on
// bulk channels in the binary frames of block-frame.ts.

import type { Bytes } from '../encoding/bytes.ts';
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts';
import { signInput } from '../encoding/hash.ts';
import type { Result } from '../encoding/result.ts';
import {
  array,
  bytes,
  bytesUpTo,
  headShape,
  map,
  oneOf,
  type ShapeType,
  tuple,
  uint,
  union,
} from '../encoding/shape.ts';
import { PROOF_HASHES_MAX } from '../files/merkle.ts';
import {
  BLOCK_BYTES,
  CHANNEL_FRAME_BYTES_MAX,
  FILE_BYTES_MAX,
  RECORD_BODY_BYTES_MAX,
  RECORD_HEADER_BYTES_MAX,
  RECORDS_PER_FRAME_MAX,
  VECTOR_ENTRIES_MAX,
} from '../limits.ts';
import { SALT_BYTES } from '../records/record.ts';

const root = bytes(32);
const blockIndex = uint(FILE_BYTES_MAX / BLOCK_BYTES);

/** [device, incarnation, next seq wanted]: how far one device log is held without a gap. */
export const vectorEntryShape = tuple(bytes(32), bytes(16), uint());
export type VectorEntry = ShapeType<typeof vectorEntryShape>;

export const wireRecordShape = map(
  { record: bytesUpTo(RECORD_HEADER_BYTES_MAX + 64) },
  { salt: bytes(SALT_BYTES), body: bytesUpTo(RECORD_BODY_BYTES_MAX) },
);
export type WireRecord = ShapeType<typeof wireRecordShape>;

export const channelFrameShape = union('type', {
  /** First frame of each side: binds the connection to the device, and shows what it knows. */
  hello: map({
    type: oneOf('hello'),
    version: uint(),
    device: bytes(32),
    /** Signature (tag head) over bindingBytes. */
    sig: bytes(64),
    poolHead: headShape,
  }),
  /** How far this side holds each log of the pool; sent after hello and when asked anew. */
  vector: map({
    type: oneOf('vector'),
    entries: array(vectorEntryShape, VECTOR_ENTRIES_MAX),
  }),
  /** Records in the order of their logs. */
  records: map({
    type: oneOf('records'),
    records: array(wireRecordShape, RECORDS_PER_FRAME_MAX, 1),
  }),
  /** Which blocks of a file this side has: count of blocks held, and the bitfield's page. */
  have: map({
    type: oneOf('have'),
    root,
    blocks: uint(),
    from: blockIndex,
    bits: bytesUpTo(32 * 1024),
  }),
  /** Asks which blocks the other side has of these files. */
  seek: map({ type: oneOf('seek'), roots: array(root, 256, 1) }),
  /** Asks for one block; answered on a bulk channel under this number. */
  request: map({
    type: oneOf('request'),
    transfer: uint(2 ** 32 - 1),
    root,
    block: blockIndex,
  }),
  /** The proof of a block that follows on a bulk channel, or that it will not come. */
  proof: map(
    { type: oneOf('proof'), transfer: uint(2 ** 32 - 1) },
    { hashes: array(bytes(32), PROOF_HASHES_MAX) },
  ),
  cancel: map({ type: oneOf('cancel'), transfer: uint(2 ** 32 - 1) }),
  ping: map({ type: oneOf('ping'), time: uint() }),
  pong: map({ type: oneOf('pong'), time: uint() }),
});
export type ChannelFrame = ShapeType<typeof channelFrameShape>;

export function decodeChannelFrame(frame: Bytes): Result<ChannelFrame> {
  return decodeCbor(frame, channelFrameShape, CHANNEL_FRAME_BYTES_MAX);
}

/** The last layer of binding: each side signs both descriptions' hashes over the open channel. */
export interface Binding {
  readonly pool: Bytes;
  readonly from: Bytes;
  readonly to: Bytes;
  readonly connection: Bytes;
  /** SHA-256 of the SDP bytes of offer and answer. */
  readonly offer: Bytes;
  readonly answer: Bytes;
  readonly poolHead: readonly [number, Bytes];
}

export function bindingSignInput(binding: Binding): Bytes {
  return signInput('head', encodeCbor(binding));
}
