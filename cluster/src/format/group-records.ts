// The small records of a group: [STO-6] hard state = term u64 | commit u64 | voted u8 (0 or 1) | vote
// (16, zeros when none); [STO-7] log base = index u64 | term u64 | checksum u32 | entry time u64 of the
// entry before the first one kept | who takes part as of it [STO-17]; [STO-9] applied = the same of the last entry applied; [STO-14] side
// = u8 (0 or 1); [STO-10] slots = epoch u32 | count u16 | count
// times (first u16, last u16), ascending.

import type { LogBase } from '../core/entry.ts';
import type { HardState } from '../core/types.ts';
import { ByteReader, ByteWriter, toHex } from './bytes.ts';
import { encodeConfiguration, readConfiguration } from './configuration.ts';
import { KNOWN_IDS } from './known-ids.ts';

/** The meta group is one of them. */
export const GROUPS_MAX = 1_025;
const NO_VOTE = new Uint8Array(16);

export interface SlotRange {
  readonly first: number;
  /** Included. */
  readonly last: number;
}

/** The slots of one group, as the group's own log knows them. */
export interface GroupSlots {
  readonly epoch: number;
  readonly ranges: readonly SlotRange[];
}

export function encodeHardState(state: HardState): Uint8Array {
  return new ByteWriter(33)
    .u64(state.term)
    .u64(state.commit)
    .u8(state.vote === undefined ? 0 : 1)
    .bytes(state.vote === undefined ? NO_VOTE : KNOWN_IDS.bytesOf(state.vote))
    .finish();
}

export function decodeHardState(bytes: Uint8Array): HardState | undefined {
  const reader = new ByteReader(bytes);
  const term = reader.u64();
  const commit = reader.u64();
  const voted = reader.u8();
  const vote = reader.bytes(16);
  if (!reader.complete || voted > 1) return undefined;
  return { term, commit, vote: voted === 1 ? toHex(vote) : undefined };
}

/** Where a log base stands, without who takes part. */
export type LogMark = Omit<LogBase, 'configuration'>;
const LOG_MARK_BYTES = 28;

export function encodeLogMark(mark: LogMark): Uint8Array {
  return new ByteWriter(LOG_MARK_BYTES)
    .u64(mark.index)
    .u64(mark.term)
    .u32(mark.checksum)
    .u64(mark.entryTimeMs)
    .finish();
}

export function readLogMark(reader: ByteReader): LogMark {
  return {
    index: reader.u64(),
    term: reader.u64(),
    checksum: reader.u32(),
    entryTimeMs: reader.u64(),
  };
}

export function encodeLogBase(base: LogBase): Uint8Array {
  const configuration = encodeConfiguration(base.configuration);
  return new ByteWriter(LOG_MARK_BYTES + configuration.length)
    .bytes(encodeLogMark(base))
    .bytes(configuration)
    .finish();
}

export function decodeLogBase(bytes: Uint8Array): LogBase | undefined {
  const reader = new ByteReader(bytes);
  const base = readLogBase(reader);
  return reader.complete ? base : undefined;
}

export function readLogBase(reader: ByteReader): LogBase {
  return { ...readLogMark(reader), configuration: readConfiguration(reader) };
}

/** Which of its two places the rows of a group lie in. */
export type Side = 0 | 1;

export function encodeSide(side: Side): Uint8Array {
  return new ByteWriter(1).u8(side).finish();
}

export function decodeSide(bytes: Uint8Array): Side | undefined {
  const reader = new ByteReader(bytes);
  const side = reader.u8();
  return reader.complete && (side === 0 || side === 1) ? side : undefined;
}

export function encodeIndex(index: number): Uint8Array {
  return new ByteWriter(8).u64(index).finish();
}

export function decodeIndex(bytes: Uint8Array): number | undefined {
  const reader = new ByteReader(bytes);
  const index = reader.u64();
  return reader.complete ? index : undefined;
}

export function encodeGroupSlots(slots: GroupSlots): Uint8Array {
  const writer = new ByteWriter(6 + slots.ranges.length * 4);
  writer.u32(slots.epoch).u16(slots.ranges.length);
  for (const range of slots.ranges) writer.u16(range.first).u16(range.last);
  return writer.finish();
}

export function decodeGroupSlots(bytes: Uint8Array): GroupSlots | undefined {
  const reader = new ByteReader(bytes);
  const epoch = reader.u32();
  const count = reader.u16();
  if (reader.left !== count * 4) return undefined;
  const ranges: SlotRange[] = [];
  let after = -1;
  for (let i = 0; i < count; i += 1) {
    const range = { first: reader.u16(), last: reader.u16() };
    if (range.first <= after || range.last < range.first) return undefined;
    after = range.last;
    ranges.push(range);
  }
  return reader.complete ? { epoch, ranges } : undefined;
}
