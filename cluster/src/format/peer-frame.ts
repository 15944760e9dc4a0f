// Frames on the peer port, [PEER-2]: length u32 of all that follows (at most FRAME_BYTES_MAX) |
// version u8 (3) | cluster id (16) | sender's node id (16) | sender's incarnation (16) | sender's boot
// number u32 | its boot id (8) | the batch of that boot u64 | its newest durable batch u64 | receiver's node id (16) |
// sender's clock u64 (ms) | kind u8 | payload | CRC-32 u32 over everything between length and checksum. TLS already
// guards the bytes on the way; the checksum guards them in the memory of both ends.

import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter } from './bytes.ts';
import type { StoreClaim } from './identity.ts';
import { KNOWN_IDS } from './known-ids.ts';

const FRAME_VERSION = 3;
export const FRAME_BYTES_MAX = 4_194_304;
const HEADER_BYTES = 102;
const CHECKSUM_BYTES = 4;
const LENGTH_BYTES = 4;
export const PAYLOAD_BYTES_MAX = FRAME_BYTES_MAX - HEADER_BYTES - CHECKSUM_BYTES;

export const FRAME_KIND = {
  /** First on every connection, and when nothing else was sent for a second. */
  hello: 1,
  raft: 2,
  proposal: 3,
  proposalReply: 4,
  application: 5,
  refusal: 6,
  snapshotChunk: 7,
  snapshotAnswer: 8,
  quiet: 9,
} as const;

export type FrameKind = (typeof FRAME_KIND)[keyof typeof FRAME_KIND];
const FRAME_KINDS: ReadonlySet<number> = new Set(Object.values(FRAME_KIND));

export interface FrameHeader extends StoreClaim {
  readonly clusterId: string;
  readonly sender: string;
  readonly incarnation: string;
  readonly receiver: string;
  readonly clockMs: number;
}

export interface PeerFrame extends FrameHeader {
  readonly kind: FrameKind;
  readonly payload: Uint8Array;
}

export type FrameRefusal = 'version' | 'size' | 'checksum' | 'kind' | 'truncated';

export type DecodedFrame =
  | { readonly ok: true; readonly frame: PeerFrame }
  | { readonly ok: false; readonly reason: FrameRefusal };

/** The whole frame, length included. */
export function encodePeerFrame(frame: PeerFrame): Uint8Array {
  if (frame.payload.length > PAYLOAD_BYTES_MAX) throw new Error('payload over the frame limit');
  const length = HEADER_BYTES + frame.payload.length + CHECKSUM_BYTES;
  const bytes = new ByteWriter(LENGTH_BYTES + length)
    .u32(length)
    .u8(FRAME_VERSION)
    .bytes(KNOWN_IDS.bytesOf(frame.clusterId))
    .bytes(KNOWN_IDS.bytesOf(frame.sender))
    .bytes(KNOWN_IDS.bytesOf(frame.incarnation))
    .u32(frame.bootNumber)
    .bytes(KNOWN_IDS.bytesOf(frame.bootId))
    .u64(frame.bootBatch)
    .u64(frame.batch)
    .bytes(KNOWN_IDS.bytesOf(frame.receiver))
    .u64(frame.clockMs)
    .u8(frame.kind)
    .bytes(frame.payload)
    .u32(0)
    .finish();
  const end = bytes.length - CHECKSUM_BYTES;
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(
    end,
    crc32(bytes.subarray(LENGTH_BYTES, end)),
  );
  return bytes;
}

/** Reads what follows the length. */
export function decodePeerFrame(bytes: Uint8Array): DecodedFrame {
  if (bytes.length > FRAME_BYTES_MAX) return { ok: false, reason: 'size' };
  if (bytes.length < HEADER_BYTES + CHECKSUM_BYTES) return { ok: false, reason: 'truncated' };
  if (bytes[0] !== FRAME_VERSION) return { ok: false, reason: 'version' };
  const end = bytes.length - CHECKSUM_BYTES;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(end) !== crc32(bytes.subarray(0, end))) {
    return { ok: false, reason: 'checksum' };
  }
  const reader = new ByteReader(bytes.subarray(1, end));
  const header = {
    clusterId: KNOWN_IDS.idOf(reader.bytes(16)),
    sender: KNOWN_IDS.idOf(reader.bytes(16)),
    incarnation: KNOWN_IDS.idOf(reader.bytes(16)),
    bootNumber: reader.u32(),
    bootId: KNOWN_IDS.idOf(reader.bytes(8)),
    bootBatch: reader.u64(),
    batch: reader.u64(),
    receiver: KNOWN_IDS.idOf(reader.bytes(16)),
    clockMs: reader.u64(),
  };
  const kind = reader.u8();
  const payload = reader.rest();
  if (reader.bad) return { ok: false, reason: 'truncated' };
  if (!isFrameKind(kind)) return { ok: false, reason: 'kind' };
  return { ok: true, frame: { ...header, kind, payload } };
}

function isFrameKind(kind: number): kind is FrameKind {
  return FRAME_KINDS.has(kind);
}

/** Cuts a byte stream into frames. A length over the limit is refused before it is buffered. */
export class FrameSplitter {
  #chunks: Uint8Array[] = [];
  #buffered = 0;
  #wanted: number | undefined;

  /** The bodies (without length) that are complete now, or undefined at an impossible length. */
  push(chunk: Uint8Array): Uint8Array[] | undefined {
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    const bodies: Uint8Array[] = [];
    for (;;) {
      if (this.#wanted === undefined) {
        if (this.#buffered < LENGTH_BYTES) return bodies;
        const length = new ByteReader(this.#take(LENGTH_BYTES)).u32();
        if (length > FRAME_BYTES_MAX || length < HEADER_BYTES + CHECKSUM_BYTES) return undefined;
        this.#wanted = length;
      }
      if (this.#buffered < this.#wanted) return bodies;
      bodies.push(this.#take(this.#wanted));
      this.#wanted = undefined;
    }
  }

  #take(length: number): Uint8Array {
    const first = this.#chunks[0];
    const whole =
      first !== undefined && first.length >= length ? first : Buffer.concat(this.#chunks);
    const rest = whole.subarray(length);
    this.#chunks = whole === first ? [rest, ...this.#chunks.slice(1)] : [rest];
    this.#buffered -= length;
    return whole.subarray(0, length);
  }
}
