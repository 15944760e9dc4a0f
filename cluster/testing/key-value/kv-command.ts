// The commands of the key-value state machine, and what swaps and reads answer.
// Command: kind u8 | rows. A put has one row; a swap has key and new value, then key and expected value if any.
// Found: nothing, or a byte 1 and the value.
import { decodeRows, encodeRows } from './kv-frames.ts';

const PUT = 1;
const SWAP = 2;
const FOUND = 1;

export interface KvCommand {
  readonly key: Buffer;
  readonly value: Buffer;
  /** Of a swap. */
  readonly swap?: { readonly expected: Buffer | undefined };
}

export function putCommand(key: Buffer, value: Buffer): Buffer {
  return Buffer.concat([Buffer.of(PUT), encodeRows([{ key, value }])]);
}

export function swapCommand(key: Buffer, expected: Buffer | undefined, value: Buffer): Buffer {
  const rows = expected === undefined ? [] : [{ key, value: expected }];
  return Buffer.concat([Buffer.of(SWAP), encodeRows([{ key, value }, ...rows])]);
}

/** A put reads nothing. */
export function isSwap(bytes: Uint8Array): boolean {
  return bytes[0] === SWAP;
}

/** Undefined for bytes that are no command. */
export function decodeCommand(bytes: Uint8Array): KvCommand | undefined {
  const { buffer, byteOffset, byteLength } = bytes;
  if (byteLength === 0) return undefined;
  const rows = decodeRows(Buffer.from(buffer, byteOffset + 1, byteLength - 1));
  const [row, expected] = rows ?? [];
  if (row === undefined || rows === undefined || rows.length > 2) return undefined;
  if (bytes[0] === PUT && expected === undefined) return row;
  if (isSwap(bytes)) return { ...row, swap: { expected: expected?.value } };
  return undefined;
}

export function encodeFound(value: Uint8Array | undefined): Buffer {
  return value === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.of(FOUND), value]);
}

export function decodeFound(body: Buffer): Buffer | undefined {
  return body.length === 0 ? undefined : body.subarray(1);
}
