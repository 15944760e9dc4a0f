// Reads a backup from wherever its bytes come from, and believes none of them: each record has its own CRC, rows must
// be rows, groups must be there in full and in order, and the hash at the end is that of the whole. What is wrong is
// told with the place in the file and the group.

import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { KeyValue } from '@rockpool/storage';
import { ByteReader } from '../format/bytes.ts';
import { decodeGroupSlots } from '../format/group-records.ts';
import { CHUNK_BYTES_MAX, SnapshotReader } from '../format/snapshot-payload.ts';
import { NodeError } from '../node-error.ts';
import {
  BACKUP_VERSION,
  type BackupGroup,
  type BackupHead,
  CHUNK_HEAD_BYTES,
  CRC_BYTES,
  decodeHead,
  decodePreamble,
  END_BYTES,
  HASH_BYTES,
  PREAMBLE_BYTES,
  RECORD_KIND,
} from './backup-format.ts';
import { ByteSource } from './byte-source.ts';

export type BackupPart =
  | { readonly kind: 'head'; readonly head: BackupHead; readonly bytes: number }
  | {
      readonly kind: 'rows';
      readonly group: number;
      readonly rows: readonly KeyValue[];
      readonly bytes: number;
    }
  | {
      readonly kind: 'groupEnd';
      readonly group: BackupGroup;
      readonly slots: Uint8Array;
      readonly bytes: number;
    };

/** `bytes` counts what was read so far. Rejects with BACKUP_DAMAGED or BACKUP_VERSION; ends only after a whole backup. */
export async function* readBackup(source: AsyncIterable<Uint8Array>): AsyncGenerator<BackupPart> {
  const reading = new Reading(new ByteSource(source));
  const head = await reading.head();
  yield { kind: 'head', head, bytes: reading.offset };
  for (const group of head.groups) {
    const rows = new SnapshotReader(group.group);
    for (;;) {
      const chunk = await reading.chunk(group.group, rows);
      yield { kind: 'rows', group: group.group, rows: chunk.rows, bytes: reading.offset };
      if (chunk.isLast) break;
    }
    const slots = reading.slotsOf(group.group, rows);
    yield { kind: 'groupEnd', group, slots, bytes: reading.offset };
  }
  await reading.end();
}

class Reading {
  readonly #source: ByteSource;
  readonly #hash = createHash('sha256');
  #chunks = 0;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  get offset(): number {
    return this.#source.offset;
  }

  async head(): Promise<BackupHead> {
    const preamble = await this.#take(PREAMBLE_BYTES, 0, 'the head');
    const known = decodePreamble(preamble);
    if (known === undefined) throw damaged(0, 'the head: this is no backup');
    const rest = await this.#sealed(preamble, known.length, 0, 'the head');
    if (known.version !== BACKUP_VERSION) {
      throw new NodeError('BACKUP_VERSION', `This one has version ${known.version}.`);
    }
    const head = decodeHead(rest);
    if (head === undefined) throw damaged(0, 'the head');
    return head;
  }

  async chunk(
    group: number,
    reader: SnapshotReader,
  ): Promise<{ readonly rows: readonly KeyValue[]; readonly isLast: boolean }> {
    const at = this.offset;
    const where = `group ${group}`;
    const prefix = await this.#take(1 + CHUNK_HEAD_BYTES, at, where);
    const fields = new ByteReader(prefix);
    const [kind, named, last, length] = [fields.u8(), fields.u32(), fields.u8(), fields.u32()];
    const isChunk = kind === RECORD_KIND.chunk && named === group && last <= 1;
    if (!isChunk || length > CHUNK_BYTES_MAX) throw damaged(at, where);
    const bytes = await this.#sealed(prefix, length, at, where);
    const rows = reader.push(bytes);
    if (rows === undefined) throw damaged(at, where);
    this.#chunks += 1;
    return { rows, isLast: last === 1 };
  }

  slotsOf(group: number, { slots, isComplete }: SnapshotReader): Uint8Array {
    if (slots !== undefined && isComplete && decodeGroupSlots(slots) !== undefined) return slots;
    throw damaged(this.offset, `group ${group}`);
  }

  async end(): Promise<void> {
    const at = this.offset;
    const where = 'the end record';
    const hash = this.#hash.copy().digest();
    const kind = await this.#take(1, at, where);
    if (kind[0] !== RECORD_KIND.end) throw damaged(at, where);
    const fields = new ByteReader(await this.#sealed(kind, END_BYTES, at, where));
    const [chunks, expected] = [fields.u32(), fields.bytes(HASH_BYTES)];
    if (chunks !== this.#chunks || !hash.equals(expected)) throw damaged(at, where);
    if (!(await this.#source.isAtEnd())) throw damaged(this.offset, 'after the end record');
  }

  /** So many bytes more, which with those before are what their CRC says. */
  async #sealed(
    prefix: Uint8Array,
    length: number,
    at: number,
    where: string,
  ): Promise<Uint8Array> {
    const bytes = await this.#take(length, at, where);
    const crc = new ByteReader(await this.#take(CRC_BYTES, at, where)).u32();
    if (crc32(bytes, crc32(prefix)) !== crc) throw damaged(at, where);
    return bytes;
  }

  async #take(length: number, at: number, where: string): Promise<Uint8Array> {
    const bytes = await this.#source.take(length);
    if (bytes === undefined) throw damaged(at, `${where}: the file ends within it`);
    this.#hash.update(bytes);
    return bytes;
  }
}

function damaged(offset: number, where: string): NodeError {
  return new NodeError('BACKUP_DAMAGED', `At byte ${offset}, ${where}.`);
}
