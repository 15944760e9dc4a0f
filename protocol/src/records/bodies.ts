// Bodies of the record kinds: a deterministic CBOR map with a version of its own.

import type { Bytes } from '../encoding/bytes.ts';
import { decodeCbor } from '../encoding/cbor.ts';
import type { Result } from '../encoding/result.ts';
import { bytes, lines, map, oneOf, type ShapeType, text, uint } from '../encoding/shape.ts';
import {
  DISPLAY_NAME_BYTES_MAX,
  FILE_BYTES_MAX,
  FILE_NAME_BYTES_MAX,
  MEDIA_TYPE_BYTES_MAX,
  MESSAGE_TEXT_BYTES_MAX,
  POOL_NAME_BYTES_MAX,
  RECORD_BODY_BYTES_MAX,
} from '../limits.ts';
import type { RecordKind } from './record.ts';

const v = oneOf(1);

export const bodyShapes = {
  text: map({ v, text: lines(MESSAGE_TEXT_BYTES_MAX) }),
  /** A file offer: what it is, and the root that every block is checked against. */
  file: map({
    v,
    hash: oneOf('sha256'),
    root: bytes(32),
    size: uint(FILE_BYTES_MAX),
    type: text(MEDIA_TYPE_BYTES_MAX),
    name: text(FILE_NAME_BYTES_MAX),
  }),
  /** How a person wants to be called and which colour is theirs (hue in degrees). */
  profile: map({ v, name: text(DISPLAY_NAME_BYTES_MAX), hue: uint(359) }),
  /** What the pool is called. */
  pool: map({ v, name: text(POOL_NAME_BYTES_MAX) }),
} as const;

export type TextBody = ShapeType<typeof bodyShapes.text>;
export type FileBody = ShapeType<typeof bodyShapes.file>;
export type ProfileBody = ShapeType<typeof bodyShapes.profile>;
export type PoolBody = ShapeType<typeof bodyShapes.pool>;
export interface RecordBodies {
  readonly text: TextBody;
  readonly file: FileBody;
  readonly profile: ProfileBody;
  readonly pool: PoolBody;
}

export function decodeRecordBody<K extends RecordKind>(
  kind: K,
  body: Bytes,
): Result<RecordBodies[K]> {
  const shape = bodyShapes[kind] as unknown as (value: unknown) => string | undefined;
  return decodeCbor<RecordBodies[K]>(body, shape, RECORD_BODY_BYTES_MAX);
}
