// A log entry, [STO-8], the same in the store and on the wire: group u32 | index u64 | term u64 |
// checksum u32 | kind u8 (0 noop, 1 command, 2 configuration) | rule version u16 | entry time u64 (ms) | table epoch
// u32 | command length u32 | command. The checksum is CRC-32 over the previous entry's checksum (u32,
// 0 before the first) and all fields but itself, so that a log proves where it was cut or mended. In the
// place of a command a noop has nothing, and a configuration [STO-17].

import { crc32 } from 'node:zlib';
import type { Entry, EntryContent, EntryKind, LogBase } from '../core/entry.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { configurationBytes, decodeConfiguration, encodeConfiguration } from './configuration.ts';

/** The largest command, header included, that a log takes. */
export const COMMAND_BYTES_MAX = 262_144;
export const ENTRY_HEAD_BYTES = 43;
const KINDS: readonly EntryKind[] = ['noop', 'command', 'configuration'];
const NOTHING = new Uint8Array(0);
/** What a checksum covers but the command: one for all, since each is read before the next is written. */
const COVERED = new ByteWriter(ENTRY_HEAD_BYTES);

export function logEntryBytes({ command, configuration }: EntryContent): number {
  const bodyBytes = configuration ? configurationBytes(configuration) : command.length;
  return ENTRY_HEAD_BYTES + bodyBytes;
}

/** One or more, each right after the one before. */
export function encodeLogEntries(entries: readonly Entry[]): Uint8Array {
  const writer = new ByteWriter(entries.reduce((sum, entry) => sum + logEntryBytes(entry), 0));
  for (const entry of entries) writeLogEntry(writer, entry);
  return writer.finish();
}

export function writeLogEntry(writer: ByteWriter, entry: Entry): void {
  const body = bodyOf(entry);
  writer.u32(entry.group).u64(entry.index).u64(entry.term).u32(entry.checksum);
  writeTail(writer, entry, body.length).bytes(body);
}

/** Reads one entry; the reader turns bad at anything that is none. */
export function readLogEntry(reader: ByteReader): Entry | undefined {
  const group = reader.u32();
  const index = reader.u64();
  const term = reader.u64();
  const checksum = reader.u32();
  const kind = KINDS[reader.u8()];
  const ruleVersion = reader.u16();
  const entryTimeMs = reader.u64();
  const tableEpoch = reader.u32();
  const length = reader.u32();
  if (length > COMMAND_BYTES_MAX) reader.fail();
  const body = reader.bytes(length);
  if (kind === undefined || reader.bad) {
    reader.fail();
    return undefined;
  }
  const command = kind === 'configuration' ? NOTHING : body;
  const entry = {
    group,
    index,
    term,
    checksum,
    kind,
    ruleVersion,
    entryTimeMs,
    tableEpoch,
    command,
  };
  if (kind !== 'configuration') return entry;
  const configuration = decodeConfiguration(body);
  // None without voters is ever proposed.
  if (configuration === undefined || configuration.voters.length === 0) {
    reader.fail();
    return undefined;
  }
  return { ...entry, configuration };
}

/** Undefined for bytes that are not one entry or more. */
export function decodeLogEntries(bytes: Uint8Array): readonly Entry[] | undefined {
  const reader = new ByteReader(bytes);
  const entries: Entry[] = [];
  do {
    const entry = readLogEntry(reader);
    if (entry === undefined) return undefined;
    entries.push(entry);
  } while (reader.left > 0);
  return entries;
}

export function chainChecksum(previousChecksum: number, content: EntryContent): number {
  const body = bodyOf(content);
  const covered = COVERED.again().u32(previousChecksum);
  covered.u32(content.group).u64(content.index).u64(content.term);
  return crc32(body, crc32(writeTail(covered, content, body.length).finish()));
}

/** An entry before it has its place. */
export type UnplacedEntry = Omit<EntryContent, 'index'>;

/** Entries right behind `last`. */
export function chained(
  last: Pick<LogBase, 'index' | 'checksum'>,
  contents: readonly UnplacedEntry[],
): readonly Entry[] {
  let { index, checksum } = last;
  return contents.map((unplaced) => {
    index += 1;
    const content = { ...unplaced, index };
    checksum = chainChecksum(checksum, content);
    return { ...content, checksum };
  });
}

function bodyOf({ command, configuration }: EntryContent): Uint8Array {
  return configuration === undefined ? command : encodeConfiguration(configuration);
}

/** What follows the checksum, up to the command. */
function writeTail(writer: ByteWriter, content: EntryContent, bodyBytes: number): ByteWriter {
  return writer
    .u8(KINDS.indexOf(content.kind))
    .u16(content.ruleVersion)
    .u64(content.entryTimeMs)
    .u32(content.tableEpoch)
    .u32(bodyBytes);
}
