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

/** Undefined for bytes that are no command. */
export function decodeCommand(bytes: Uint8Array): KvCommand | undefined {
  const { buffer, byteOffset, byteLength } = bytes;
  const command = Buffer.from(buffer, byteOffset, byteLength);
  const [row, expected, ...more] = decodeRows(command.subarray(1)) ?? [];
  if (row === undefined || more.length > 0) return undefined;
  if (command[0] === PUT && expected === undefined) return row;
  if (command[0] === SWAP) return { ...row, swap: { expected: expected?.value } };
  return undefined;
}

export function encodeFound(value: Uint8Array | undefined): Buffer {
  return value === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.of(FOUND), value]);
}

export function decodeFound(body: Buffer): Buffer | undefined {
  return body.length === 0 ? undefined : body.subarray(1);
}
