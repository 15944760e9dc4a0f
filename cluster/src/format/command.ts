// What stands in an entry's command, [STO-12]: version u8 (1) | slot i32 | client id (16) | sequence
// u64 | body. Slots below zero have meanings of their own: -1 is the application's META slot, -2 a change
// of the cluster's own meta state. Client id and sequence name one submission for good: the submitting
// node finds its own entries by them.

import { ByteReader, ByteWriter } from './bytes.ts';
import { COMMAND_BYTES_MAX } from './log-entry.ts';

const COMMAND_VERSION = 1;
const HEADER_BYTES = 29;
const SLOTS = 65_536;

export const CLUSTER = -2;
/** The largest body that submit takes. */
export const BODY_BYTES_MAX = COMMAND_BYTES_MAX - HEADER_BYTES;

export interface Command {
  readonly slot: number;
  /** 16 bytes, drawn anew at each start of a node. */
  readonly clientId: Uint8Array;
  readonly sequence: number;
  readonly body: Uint8Array;
}

export function encodeCommand(command: Command): Uint8Array {
  return new ByteWriter(HEADER_BYTES + command.body.length)
    .u8(COMMAND_VERSION)
    .i32(command.slot)
    .bytes(command.clientId)
    .u64(command.sequence)
    .bytes(command.body)
    .finish();
}

export function decodeCommand(bytes: Uint8Array): Command | undefined {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  const slot = reader.i32();
  const clientId = reader.bytes(16);
  const sequence = reader.u64();
  const body = reader.rest();
  if (!reader.complete || version !== COMMAND_VERSION) return undefined;
  if (slot < CLUSTER || slot >= SLOTS || bytes.length > COMMAND_BYTES_MAX) return undefined;
  return { slot, clientId, sequence, body };
}
