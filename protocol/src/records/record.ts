// Records: every device keeps one append-only log per pool. A record's header says where it stands
// and what it holds; one signature covers all of it. Salt and body are detachable together, so that
// a retraction can delete them while the log still verifies.

import { type Bytes, concatBytes } from '../encoding/bytes.ts';
import { decodeCbor, encodeCbor } from '../encoding/cbor.ts';
import { signInput, taggedHash } from '../encoding/hash.ts';
import { accept, type Result, refuse } from '../encoding/result.ts';
import { bytes, oneOf, type ShapeType, tuple, uint } from '../encoding/shape.ts';
import { LOGICAL_COUNTER_MAX, RECORD_HEADER_BYTES_MAX } from '../limits.ts';

export const RECORD_KINDS = ['text', 'file', 'profile', 'pool'] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

const SIGNATURE_BYTES = 64;
export const SALT_BYTES = 32;
/** `previous` of the first record of a log. */
export const NO_RECORD: Bytes = new Uint8Array(32);

const headerShape = tuple(
  oneOf(1),
  bytes(32),
  bytes(32),
  bytes(16),
  uint(),
  bytes(32),
  uint(),
  uint(LOGICAL_COUNTER_MAX),
  uint(),
  bytes(32),
  oneOf(...RECORD_KINDS),
  bytes(32),
);
type HeaderTuple = ShapeType<typeof headerShape>;

export interface RecordHeader {
  readonly pool: Bytes;
  readonly device: Bytes;
  /** Random for each new log: a store found behind its peers' view starts a new one. */
  readonly incarnation: Bytes;
  readonly seq: number;
  /** recordlink hash of the previous header without its signature. */
  readonly previous: Bytes;
  /** Hybrid logical clock: milliseconds and a counter. */
  readonly ms: number;
  readonly counter: number;
  /** Position of the pool chain that the author knew; roles are judged there. */
  readonly poolSeq: number;
  readonly poolHead: Bytes;
  readonly kind: RecordKind;
  /** SHA-256(body tag, salt, body). */
  readonly content: Bytes;
}

export function encodeRecordHeader(h: RecordHeader): Bytes {
  const fields: HeaderTuple = [
    1,
    h.pool,
    h.device,
    h.incarnation,
    h.seq,
    h.previous,
    h.ms,
    h.counter,
    h.poolSeq,
    h.poolHead,
    h.kind,
    h.content,
  ];
  return encodeCbor(fields);
}

export function recordSignInput(header: Bytes): Bytes {
  return signInput('record', header);
}

/** Id of a record, and `previous` of the one after it. */
export function recordLink(header: Bytes): Bytes {
  return taggedHash('recordlink', header);
}

export function recordContent(salt: Bytes, body: Bytes): Bytes {
  return taggedHash('body', salt, body);
}

export interface SignedRecord {
  readonly header: RecordHeader;
  readonly headerBytes: Bytes;
  readonly signature: Bytes;
}

export function joinRecord(headerBytes: Bytes, signature: Bytes): Bytes {
  return concatBytes(headerBytes, signature);
}

/** Splits and decodes header and signature. The signature itself is the caller's to verify. */
export function decodeRecord(signed: Bytes): Result<SignedRecord> {
  const split = signed.length - SIGNATURE_BYTES;
  if (split <= 0) return refuse('PROTOCOL_MALFORMED', 'record too short');
  const headerBytes = signed.slice(0, split);
  const decoded = decodeCbor(headerBytes, headerShape, RECORD_HEADER_BYTES_MAX);
  if (!decoded.ok) return decoded;
  const f = decoded.value;
  return accept({
    headerBytes,
    signature: signed.slice(split),
    header: {
      pool: f[1],
      device: f[2],
      incarnation: f[3],
      seq: f[4],
      previous: f[5],
      ms: f[6],
      counter: f[7],
      poolSeq: f[8],
      poolHead: f[9],
      kind: f[10],
      content: f[11],
    },
  });
}
