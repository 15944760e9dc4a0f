// One frame of a block on a bulk channel: transfer number u32, offset in the block u32, both
// big-endian, then the payload. The transfer number ties it to the request and to its proof.

import type { Bytes } from '../encoding/bytes.ts';
import { accept, type Result, refuse } from '../encoding/result.ts';
import { BLOCK_BYTES, BLOCK_FRAME_PAYLOAD_BYTES } from '../limits.ts';

export const BLOCK_FRAME_HEADER_BYTES = 8;

export interface BlockFrame {
  readonly transfer: number;
  readonly offset: number;
  readonly payload: Bytes;
}

/** The largest frame. */
export const BLOCK_FRAME_BYTES_MAX = BLOCK_FRAME_HEADER_BYTES + BLOCK_FRAME_PAYLOAD_BYTES;

/** The frame lies at the beginning of `room`, where the caller has one to use again. */
export function encodeBlockFrame(
  { transfer, offset, payload }: BlockFrame,
  room: Bytes = new Uint8Array(BLOCK_FRAME_HEADER_BYTES + payload.length),
): Bytes {
  const frame = room.subarray(0, BLOCK_FRAME_HEADER_BYTES + payload.length);
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  view.setUint32(0, transfer);
  view.setUint32(4, offset);
  frame.set(payload, BLOCK_FRAME_HEADER_BYTES);
  return frame;
}

export function decodeBlockFrame(frame: Bytes): Result<BlockFrame> {
  const payloadBytes = frame.length - BLOCK_FRAME_HEADER_BYTES;
  if (payloadBytes < 1 || payloadBytes > BLOCK_FRAME_PAYLOAD_BYTES) {
    return refuse('PROTOCOL_MALFORMED', `block frame of ${frame.length} bytes`);
  }
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const offset = view.getUint32(4);
  if (offset + payloadBytes > BLOCK_BYTES) {
    return refuse('PROTOCOL_MALFORMED', 'block frame reaches past its block');
  }
  return accept({
    transfer: view.getUint32(0),
    offset,
    payload: frame.subarray(BLOCK_FRAME_HEADER_BYTES),
  });
}
