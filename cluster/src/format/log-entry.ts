// A log entry, [STO-8], the same in the store and on the wire: group u32 | index u64 | term u64 |
// checksum u32 | kind u8 (0 noop, 1 command) | rule version u16 | entry time u64 (ms) | table epoch
// u32 | command length u32 | command. The checksum is CRC-32 over the previous entry's checksum (u32,
// 0 before the first) and all fields but itself, so that a log proves where it was cut or mended.

import { crc32 } from 'node:zlib';
import type { Entry, EntryContent } from '../core/entry.ts';
import { ByteReader, ByteWriter } from './bytes.ts';

/** The largest command, header included, that a log takes. */
export const COMMAND_BYTES_MAX = 262_144;
export const ENTRY_HEAD_BYTES = 43;
const BEFORE_CHECKSUM_BYTES = 20;
const AFTER_CHECKSUM_AT = BEFORE_CHECKSUM_BYTES + 4;

export function encodeLogEntry(entry: Entry): Uint8Array {
  const head = encodeHead(entry, entry.checksum);
  const bytes = new Uint8Array(head.length + entry.command.length);
  bytes.set(head);
  bytes.set(entry.command, head.length);
  return bytes;
}

/** Reads one entry; the reader turns bad at anything that is none. */
export function readLogEntry(reader: ByteReader): Entry | undefined {
  const group = reader.u32();
  const index = reader.u64();
  const term = reader.u64();
  const checksum = reader.u32();
  const kind = reader.u8();
  const ruleVersion = reader.u16();
  const entryTimeMs = reader.u64();
  const tableEpoch = reader.u32();
  const length = reader.u32();
  if (kind > 1 || length > COMMAND_BYTES_MAX) reader.fail();
  const command = reader.bytes(length);
  if (reader.bad) return undefined;
  return {
    group,
    index,
    term,
    checksum,
    kind: kind === 0 ? 'noop' : 'command',
    ruleVersion,
    entryTimeMs,
    tableEpoch,
    command,
  };
}

export function decodeLogEntry(bytes: Uint8Array): Entry | undefined {
  const reader = new ByteReader(bytes);
  const entry = readLogEntry(reader);
  return reader.complete ? entry : undefined;
}

export function chainChecksum(previousChecksum: number, content: EntryContent): number {
  const head = encodeHead(content, previousChecksum);
  let crc = crc32(head.subarray(BEFORE_CHECKSUM_BYTES, BEFORE_CHECKSUM_BYTES + 4));
  crc = crc32(head.subarray(0, BEFORE_CHECKSUM_BYTES), crc);
  crc = crc32(head.subarray(AFTER_CHECKSUM_AT), crc);
  return crc32(content.command, crc);
}

function encodeHead(content: EntryContent, checksum: number): Uint8Array {
  return new ByteWriter(ENTRY_HEAD_BYTES)
    .u32(content.group)
    .u64(content.index)
    .u64(content.term)
    .u32(checksum)
    .u8(content.kind === 'noop' ? 0 : 1)
    .u16(content.ruleVersion)
    .u64(content.entryTimeMs)
    .u32(content.tableEpoch)
    .u32(content.command.length)
    .finish();
}
