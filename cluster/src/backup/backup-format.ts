// A backup file. [BAK-1] head = "RPBACKUP" (8) | version u16 (1) | length u32 of what follows, its CRC not counted |
// realm (32) | cluster id (16) | time u64 (ms since 1970) | count u16 | count times (group u32 | base (28, as
// [STO-7])) | CRC-32 u32 of everything before it. [BAK-2] chunk = 1 u8 | group u32 | last u8 | length u32 |
// bytes (at most CHUNK_BYTES_MAX) | CRC-32 u32 of all of the chunk before it; the bytes of a group's chunks are
// those of a snapshot, [PEER-10]. [BAK-3] end = 2 u8 | chunks u32 | SHA-256 (32) of the file up to this record |
// CRC-32 u32 of the record before it; nothing follows.

import { crc32 } from 'node:zlib';
import { ByteReader, ByteWriter, fromHex, toHex } from '../format/bytes.ts';
import { encodeLogMark, GROUPS_MAX, type LogMark, readLogMark } from '../format/group-records.ts';

const MAGIC = new Uint8Array(Buffer.from('RPBACKUP'));
export const BACKUP_VERSION = 1;
/** Magic, version and length. */
export const PREAMBLE_BYTES = 14;
export const CRC_BYTES = 4;
const HEAD_FIXED_BYTES = 58;
const GROUP_BYTES = 32;
const HEAD_BYTES_MAX = HEAD_FIXED_BYTES + GROUPS_MAX * GROUP_BYTES;
export const RECORD_KIND = { chunk: 1, end: 2 } as const;
/** Group, last and length. */
export const CHUNK_HEAD_BYTES = 9;
export const HASH_BYTES = 32;
/** Count of chunks and hash. */
export const END_BYTES = 4 + HASH_BYTES;

export interface BackupGroup {
  readonly group: number;
  /** The last entry that its rows show. */
  readonly base: LogMark;
}

export interface BackupHead {
  /** Lower-case hex, as in a cluster's status. */
  readonly realm: string;
  readonly clusterId: string;
  readonly timeMs: number;
  readonly groups: readonly BackupGroup[];
}

export interface BackupChunk {
  readonly group: number;
  readonly isLast: boolean;
  readonly bytes: Uint8Array;
}

export function encodeHead(head: BackupHead): Uint8Array {
  const length = HEAD_FIXED_BYTES + head.groups.length * GROUP_BYTES;
  const writer = new ByteWriter(PREAMBLE_BYTES + length)
    .bytes(MAGIC)
    .u16(BACKUP_VERSION)
    .u32(length)
    .bytes(fromHex(head.realm))
    .bytes(fromHex(head.clusterId))
    .u64(head.timeMs)
    .u16(head.groups.length);
  for (const { group, base } of head.groups) writer.u32(group).bytes(encodeLogMark(base));
  return sealed(writer.finish());
}

/** Undefined if it is not one at all. */
export function decodePreamble(bytes: Uint8Array): { version: number; length: number } | undefined {
  const reader = new ByteReader(bytes);
  const isBackup = Buffer.compare(reader.bytes(MAGIC.length), MAGIC) === 0;
  const [version, length] = [reader.u16(), reader.u32()];
  return reader.complete && isBackup && length <= HEAD_BYTES_MAX ? { version, length } : undefined;
}

/** What follows the preamble, without its CRC. */
export function decodeHead(bytes: Uint8Array): BackupHead | undefined {
  const reader = new ByteReader(bytes);
  const [realm, clusterId] = [toHex(reader.bytes(32)), toHex(reader.bytes(16))];
  const timeMs = reader.u64();
  const count = reader.u16();
  if (reader.left !== count * GROUP_BYTES) return undefined;
  const groups = Array.from({ length: count }, () => {
    return { group: reader.u32(), base: readLogMark(reader) };
  });
  const isAscending = groups.every(({ group }, at) => group === at);
  return reader.complete && isAscending ? { realm, clusterId, timeMs, groups } : undefined;
}

export function encodeChunk({ group, isLast, bytes }: BackupChunk): Uint8Array {
  const writer = new ByteWriter(1 + CHUNK_HEAD_BYTES + bytes.length)
    .u8(RECORD_KIND.chunk)
    .u32(group)
    .u8(isLast ? 1 : 0)
    .u32(bytes.length)
    .bytes(bytes);
  return sealed(writer.finish());
}

export function encodeEnd(chunks: number, hash: Uint8Array): Uint8Array {
  return sealed(new ByteWriter(1 + END_BYTES).u8(RECORD_KIND.end).u32(chunks).bytes(hash).finish());
}

function sealed(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, new ByteWriter(CRC_BYTES).u32(crc32(bytes)).finish()]);
}
