// LevelDB opened so that damage shows: one writer, every value under a checksum, every batch numbered and
// the newest number kept beside it, every table file checked. The nodes keep their logs in it, the desktop agent its rows.

export { batchKey, readLastBatch } from './batch-numbers.ts';
export type { BatchPlaces } from './batch-places.ts';
export type { Operation, Urgency } from './batch-writer.ts';
export { BatchWriter } from './batch-writer.ts';
export { pieceOf } from './byte-pieces.ts';
export type {
  Cursor,
  KeyRange,
  KeyValue,
  KeyValueStore,
  WriteOperation,
} from './key-value-store.ts';
export { LastBatch } from './last-batch.ts';
export { openLevelStore } from './level-store.ts';
export type { FailWith, StoreFailureCode } from './store-failure.ts';
export { decodeStoredValue, encodeStoredValue } from './stored-value.ts';
export type { SyncFigures } from './sync-times.ts';
export { type After, type Cancel, systemAfter } from './timer.ts';
export { syncDirectory, writeWholeFile } from './whole-file.ts';
