// What stands in an entry's command, [STO-12]: version u8 (2) | slot i32 | session u64 | sequence u64 |
// oldest u64 | body. Slots below zero have meanings of their own: -1 is the application's META slot, -2 a
// change of the cluster's own meta state, and -3 opens a session: its body is the client id (16), its
// numbers are 0. Session and sequence name one submission of a group for good: the submitting node finds its own
// entries by them, and whoever applies them knows a repetition by them.

import { ByteReader, ByteWriter } from './bytes.ts';
import { COMMAND_BYTES_MAX } from './log-entry.ts';

const COMMAND_VERSION = 2;
const HEADER_BYTES = 29;
const CLIENT_ID_BYTES = 16;
const SLOTS = 65_536;

export const CLUSTER = -2;
export const SESSION = -3;
/** The largest body that submit takes. */
export const BODY_BYTES_MAX = COMMAND_BYTES_MAX - HEADER_BYTES;

export interface Command {
  readonly slot: number;
  /** The index of the entry that opened it. */
  readonly session: number;
  readonly sequence: number;
  /** The sender waits for no sequence of the session below it, and will not repeat one. */
  readonly oldest: number;
  readonly body: Uint8Array;
}

export function openSession(clientId: Uint8Array): Command {
  return { slot: SESSION, session: 0, sequence: 0, oldest: 0, body: clientId };
}

export function encodeCommand(command: Command): Uint8Array {
  return new ByteWriter(HEADER_BYTES + command.body.length)
    .u8(COMMAND_VERSION)
    .i32(command.slot)
    .u64(command.session)
    .u64(command.sequence)
    .u64(command.oldest)
    .bytes(command.body)
    .finish();
}

export function decodeCommand(bytes: Uint8Array): Command | undefined {
  const reader = new ByteReader(bytes);
  const version = reader.u8();
  const slot = reader.i32();
  const session = reader.u64();
  const sequence = reader.u64();
  const oldest = reader.u64();
  const body = reader.rest();
  if (!reader.complete || version !== COMMAND_VERSION || bytes.length > COMMAND_BYTES_MAX) {
    return undefined;
  }
  if (slot < SESSION || slot >= SLOTS || oldest > sequence) return undefined;
  if (slot === SESSION && body.length !== CLIENT_ID_BYTES) return undefined;
  return { slot, session, sequence, oldest, body };
}
