// Snapshots on the wire. [PEER-10] chunk = group u32 | term u64 (the leader's) | base (as [STO-7]) |
// number u32 (from 0) | last u8 (0 or 1) | CRC-32 u32 of all bytes of the snapshot up to this chunk's end
// | bytes, at most CHUNK_BYTES_MAX. [PEER-11] its answer = group u32 | term u64 and index u64 as the chunk
// gave them | number u32 of the chunk that is wanted next | status u8 (0 going on, 1 installed or not
// needed, 2 refused). The bytes of all chunks are: slots record length u16 | slots record, then each row:
// key length u16 | payload length u32 | key kind u8 | rest of the key after its group | payload.

import type { LogBase } from '../core/entry.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { encodeLogBase, readLogBase } from './group-records.ts';
import { HEAD_BYTES, ROW_KINDS } from './store-key.ts';

export const CHUNK_BYTES_MAX = 262_144;
/** Beside the base. */
const CHUNK_HEAD_BYTES = 21;
const KEY_BYTES_MAX = 4_096;
const PAYLOAD_BYTES_MAX = 16_777_216;
const ROW_HEAD_BYTES = 6;

export interface SnapshotChunk {
  readonly group: number;
  readonly term: number;
  readonly base: LogBase;
  readonly number: number;
  readonly isLast: boolean;
  /** Of everything up to the end of this chunk. */
  readonly crc: number;
  readonly bytes: Uint8Array;
}

const STATUSES = ['more', 'done', 'refused'] as const;

export interface SnapshotAnswer {
  readonly group: number;
  readonly term: number;
  readonly index: number;
  readonly next: number;
  readonly status: (typeof STATUSES)[number];
}

export function encodeSnapshotChunk(chunk: SnapshotChunk): Uint8Array {
  const base = encodeLogBase(chunk.base);
  return new ByteWriter(CHUNK_HEAD_BYTES + base.length + chunk.bytes.length)
    .u32(chunk.group)
    .u64(chunk.term)
    .bytes(base)
    .u32(chunk.number)
    .u8(chunk.isLast ? 1 : 0)
    .u32(chunk.crc)
    .bytes(chunk.bytes)
    .finish();
}

export function decodeSnapshotChunk(payload: Uint8Array): SnapshotChunk | undefined {
  const reader = new ByteReader(payload);
  const [group, term, base] = [reader.u32(), reader.u64(), readLogBase(reader)];
  const [number, last, crc] = [reader.u32(), reader.u8(), reader.u32()];
  const bytes = reader.rest();
  if (!reader.complete || last > 1 || bytes.length > CHUNK_BYTES_MAX) return undefined;
  return { group, term, base, number, isLast: last === 1, crc, bytes };
}

export function encodeSnapshotAnswer(answer: SnapshotAnswer): Uint8Array {
  return new ByteWriter(25)
    .u32(answer.group)
    .u64(answer.term)
    .u64(answer.index)
    .u32(answer.next)
    .u8(STATUSES.indexOf(answer.status))
    .finish();
}

export function decodeSnapshotAnswer(payload: Uint8Array): SnapshotAnswer | undefined {
  const reader = new ByteReader(payload);
  const [group, term, index, next] = [reader.u32(), reader.u64(), reader.u64(), reader.u32()];
  const status = STATUSES[reader.u8()];
  return reader.complete && status !== undefined ? { group, term, index, next, status } : undefined;
}

export function encodeSlotsHead(slots: Uint8Array): Uint8Array {
  return new ByteWriter(2 + slots.length).u16(slots.length).bytes(slots).finish();
}

/** The key is that of the store, of which kind and rest travel. */
export function encodeSnapshotRow(key: Uint8Array, payload: Uint8Array): Uint8Array {
  const rest = key.subarray(HEAD_BYTES);
  return new ByteWriter(ROW_HEAD_BYTES + 1 + rest.length + payload.length)
    .u16(1 + rest.length)
    .u32(payload.length)
    .u8(key[0] ?? 0)
    .bytes(rest)
    .bytes(payload)
    .finish();
}

type Row = readonly [key: Uint8Array, payload: Uint8Array];
const KINDS: ReadonlySet<number> = new Set(ROW_KINDS);

/** Reads the bytes of the chunks, cut wherever they are, back into slots and rows of one group. */
export class SnapshotReader {
  readonly #group: number;
  #rest: Uint8Array = new Uint8Array(0);
  #slots: Uint8Array | undefined;

  constructor(group: number) {
    this.#group = group;
  }

  /** The slots record, once it has been read. */
  get slots(): Uint8Array | undefined {
    return this.#slots;
  }

  /** Whether what was read so far ends where a row ends. */
  get isComplete(): boolean {
    return this.#slots !== undefined && this.#rest.length === 0;
  }

  /** The rows that these bytes complete, or undefined if they are none. */
  push(bytes: Uint8Array): Row[] | undefined {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    if (this.#slots === undefined && !this.#readSlots()) return [];
    const rows: Row[] = [];
    for (;;) {
      if (this.#rest.length < ROW_HEAD_BYTES) return rows;
      const head = new ByteReader(this.#rest);
      const [keyBytes, payloadBytes] = [head.u16(), head.u32()];
      const isRow = keyBytes >= 1 && keyBytes <= KEY_BYTES_MAX && payloadBytes <= PAYLOAD_BYTES_MAX;
      if (!isRow) return undefined;
      if (head.left < keyBytes + payloadBytes) return rows;
      const kind = head.u8();
      if (!KINDS.has(kind)) return undefined;
      const rest = head.bytes(keyBytes - 1);
      const writer = new ByteWriter(HEAD_BYTES + rest.length);
      const key = writer.u8(kind).u32(this.#group).bytes(rest).finish();
      rows.push([key, head.bytes(payloadBytes)]);
      this.#rest = head.rest();
    }
  }

  #readSlots(): boolean {
    const head = new ByteReader(this.#rest);
    const length = head.u16();
    if (head.bad || head.left < length) return false;
    this.#slots = head.bytes(length);
    this.#rest = head.rest();
    return true;
  }
}
