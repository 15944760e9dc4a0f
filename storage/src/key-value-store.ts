// What is needed of a database: ordered bytes, snapshots for cursors, and one kind of
// write, which is atomic and durable. There is no unsynced write, since LevelDB may lose those in an
// older log file while newer synced ones survive.

export interface WriteOperation {
  readonly key: Uint8Array;
  /** null deletes. */
  readonly value: Uint8Array | null;
}

export type KeyValue = readonly [key: Uint8Array, value: Uint8Array];

export interface KeyRange {
  readonly from: Uint8Array;
  /** Not included. */
  readonly to: Uint8Array;
}

/** Sees the store as it was when the cursor was made. */
export interface Cursor {
  /** One or more of the next pairs in ascending order, at most `limit`; none only at the end. */
  next(limit: number): Promise<readonly KeyValue[]>;
  /** Goes on at the first key that is not below this one. */
  seek(key: Uint8Array): void;
  close(): Promise<void>;
}

export interface KeyValueStore {
  getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]>;
  cursor(range: KeyRange): Cursor;
  /** Resolves once all of it is on disk; after a rejection nothing is known. */
  write(operations: readonly WriteOperation[]): Promise<void>;
  /** Rejects with STORE_DAMAGED if anything at rest is not as it was written; pauses between parts. */
  verify(pause?: () => Promise<unknown>): Promise<void>;
  close(): Promise<void>;
}
