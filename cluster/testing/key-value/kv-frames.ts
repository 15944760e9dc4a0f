// What clients and the key-value nodes of benches and journeys say to each other, over a stream: length of the rest
// u32 | request u32 | kind or status u8 | body. Rows stand in bodies as key length u16 | key | value length u16 | value.
import type { FrameShape } from './frame-buffer.ts';
import type { KeyValue } from './key-value-client.ts';

const LENGTH_BYTES = 4;
const HEAD_BYTES = 9;
const ROW_LENGTH_BYTES = 2;

export const KV_REQUEST = { command: 1, page: 2, state: 3, read: 4 } as const;
/** Refused: it changed nothing, and will not. Unknown: it may take effect yet. */
export const KV_STATUS = { done: 0, refused: 1, unknown: 2 } as const;

export const KV_SHAPE: FrameShape = {
  headerBytes: LENGTH_BYTES,
  frameBytesMax: 1_048_576,
  bodyBytes: (header) => header.readUInt32BE(),
};

export interface KvFrame {
  /** Chosen by the client; the answer bears the same. */
  readonly request: number;
  readonly code: number;
  readonly body: Buffer;
}

export function encodeKvFrame(request: number, code: number, body: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + body.length);
  frame.writeUInt32BE(HEAD_BYTES - LENGTH_BYTES + body.length, 0);
  frame.writeUInt32BE(request, LENGTH_BYTES);
  frame.writeUInt8(code, HEAD_BYTES - 1);
  frame.set(body, HEAD_BYTES);
  return frame;
}

/** Throws on a frame without a head. */
export function decodeKvFrame(frame: Buffer): KvFrame {
  return {
    request: frame.readUInt32BE(LENGTH_BYTES),
    code: frame.readUInt8(HEAD_BYTES - 1),
    body: frame.subarray(HEAD_BYTES),
  };
}

export function encodeRows(
  rows: readonly { readonly key: Uint8Array; readonly value: Uint8Array }[],
): Buffer {
  const bytes = rows.reduce((sum, { key, value }) => sum + key.length + value.length, 0);
  const body = Buffer.allocUnsafe(bytes + 2 * ROW_LENGTH_BYTES * rows.length);
  let at = 0;
  for (const part of rows.flatMap(({ key, value }) => [key, value])) {
    at = body.writeUInt16BE(part.length, at);
    body.set(part, at);
    at += part.length;
  }
  return body;
}

/** Undefined for bytes that are no rows. The rows are views of `body`. */
export function decodeRows(body: Buffer): readonly KeyValue[] | undefined {
  const rows: KeyValue[] = [];
  for (let at = 0; at < body.length; ) {
    const keyEnd = partEnd(body, at);
    const valueEnd = partEnd(body, keyEnd);
    if (valueEnd > body.length) return undefined;
    const key = body.subarray(at + ROW_LENGTH_BYTES, keyEnd);
    rows.push({ key, value: body.subarray(keyEnd + ROW_LENGTH_BYTES, valueEnd) });
    at = valueEnd;
  }
  return rows;
}

/** Beyond the end of the body for a part that is not whole. */
function partEnd(body: Buffer, at: number): number {
  if (body.length - at < ROW_LENGTH_BYTES) return Number.POSITIVE_INFINITY;
  return at + ROW_LENGTH_BYTES + body.readUInt16BE(at);
}
