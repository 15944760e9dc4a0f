// What the load and the reading back ask of a store, whichever it is.

export interface KeyValue {
  readonly key: Buffer;
  readonly value: Buffer;
}

export interface KeyValueClient {
  /** Resolves once the store has acknowledged the write; rejects when it refuses or the connection ends. */
  put(key: Buffer, value: Buffer): Promise<void>;
  /** What this one replica holds, in the order of keys, after the given one; empty at the end. */
  page(after: Buffer | undefined): Promise<readonly KeyValue[]>;
  close(): void;
}

export const PAGE_ROWS_MAX = 1_000;
