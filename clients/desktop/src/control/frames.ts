// Frames on the agent's Unix socket: four bytes of length (big-endian, of what follows), one byte of
// kind, the payload. A message is JSON; a slice is bytes of a file.

import type { Bytes } from '@rockpool/protocol';

/** A text of 32 KiB, each character escaped, and what stands around it. */
const MESSAGE_BYTES_MAX = 256 * 1024;
export const SLICE_BYTES_MAX = 1024 * 1024;

const HEADER_BYTES = 5;
const MESSAGE = 0;
const SLICE = 1;

export type Frame =
  | { readonly kind: 'message'; readonly value: unknown }
  | { readonly kind: 'slice'; readonly bytes: Bytes };

export function encodeMessage(value: unknown): Bytes {
  return encode(MESSAGE, new TextEncoder().encode(JSON.stringify(value)), MESSAGE_BYTES_MAX);
}

export function encodeSlice(bytes: Bytes): Bytes {
  return encode(SLICE, bytes, SLICE_BYTES_MAX);
}

function encode(kind: number, payload: Bytes, bytesMax: number): Bytes {
  if (payload.length > bytesMax) throw new Error('the frame is too long');
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, payload.length + 1);
  view.setUint8(4, kind);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Puts frames together from what a socket brings. After a refusal it takes nothing more. */
export class FrameReader {
  #parts: Bytes[] = [];
  #held = 0;
  #refused = false;

  /** The frames that are whole now; undefined where the bytes are no frames. Never throws. */
  push(chunk: Bytes): readonly Frame[] | undefined {
    if (this.#refused) return undefined;
    this.#parts.push(chunk);
    this.#held += chunk.length;
    const frames: Frame[] = [];
    while (this.#held >= HEADER_BYTES) {
      const header = this.#peek(HEADER_BYTES);
      const length = header.getUint32(0);
      const kind = header.getUint8(4);
      const bytesMax = kind === MESSAGE ? MESSAGE_BYTES_MAX : kind === SLICE ? SLICE_BYTES_MAX : 0;
      if (length < 1 || length - 1 > bytesMax) return this.#refuse();
      const whole = HEADER_BYTES - 1 + length;
      if (this.#held < whole) break;
      const payload = this.#take(whole).subarray(HEADER_BYTES);
      const frame = kind === SLICE ? sliceFrame(payload) : readMessage(payload);
      if (frame === undefined) return this.#refuse();
      frames.push(frame);
    }
    return frames;
  }

  #refuse(): undefined {
    this.#refused = true;
    this.#parts = [];
    return undefined;
  }

  #peek(count: number): DataView {
    const first = this.#parts[0];
    const bytes = first !== undefined && first.length >= count ? first : this.#join();
    return new DataView(bytes.buffer, bytes.byteOffset, count);
  }

  #take(count: number): Bytes {
    const joined = this.#join();
    const rest = joined.subarray(count);
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#held -= count;
    return joined.subarray(0, count);
  }

  #join(): Bytes {
    if (this.#parts.length === 1 && this.#parts[0] !== undefined) return this.#parts[0];
    const joined = new Uint8Array(this.#held);
    let at = 0;
    for (const part of this.#parts) {
      joined.set(part, at);
      at += part.length;
    }
    this.#parts = [joined];
    return joined;
  }
}

function sliceFrame(bytes: Bytes): Frame {
  return { kind: 'slice', bytes };
}

function readMessage(payload: Bytes): Frame | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(payload);
    return { kind: 'message', value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}
