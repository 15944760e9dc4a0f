// One frame of a block on a bulk channel: transfer number u32, offset in the block u32, both
// big-endian, then the payload. The transfer number ties it to the request and to its proof.

import { type Bytes, concatBytes } from '../encoding/bytes.ts';
import { accept, type Result, refuse } from '../encoding/result.ts';
import { BLOCK_BYTES, BLOCK_FRAME_PAYLOAD_BYTES } from '../limits.ts';

export const BLOCK_FRAME_HEADER_BYTES = 8;

export interface BlockFrame {
  readonly transfer: number;
  readonly offset: number;
  readonly payload: Bytes;
}

export function encodeBlockFrame(frame: BlockFrame): Bytes {
  const header = new Uint8Array(BLOCK_FRAME_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, frame.transfer);
  view.setUint32(4, frame.offset);
  return concatBytes(header, frame.payload);
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
