// All that a node keeps: raft state of every group and the rows of their state machines. Reads see
// what is staged before it is durable, so that a command can be answered as soon as it is applied
// (it is committed on a majority by then) and its rows travel to the disk with the next batch.

import {
  BatchWriter,
  type Cursor,
  type KeyRange,
  type KeyValue,
  type KeyValueStore,
  type Operation,
  readLastBatch,
  type Urgency,
} from '@rockpool/storage';
import {
  encodeIdentity,
  encodePeerMark,
  type PeerMark,
  type StoreIdentity,
} from '../format/identity.ts';
import {
  KEY_KIND,
  prefixEnd,
  rowHeadBytes,
  rowKey,
  slotOfRowKey,
  storeKey,
} from '../format/store-key.ts';
import { type NodeError, storeFailure } from '../node-error.ts';
import {
  type GroupState,
  kindRange,
  payloadOf,
  readGroup,
  readIdentity,
  walk,
} from './verify-store.ts';

/** Most rows of one scan. */
const SCAN_ROWS_MAX = 10_000;
const DEFAULT_LAZY_MS = 4;

export interface LogStoreOptions {
  readonly onPoison: (error: NodeError) => void;
  readonly lazyMs?: number;
}

interface Staged {
  readonly key: Uint8Array;
  readonly payload: Uint8Array | null;
}

export class LogStore {
  readonly #store: KeyValueStore;
  readonly #writer: BatchWriter<NodeError>;
  /** Rows staged and not yet durable, by the key's bytes as latin1. */
  readonly #staged = new Map<string, Staged>();
  readonly identity: StoreIdentity;

  private constructor(
    store: KeyValueStore,
    writer: BatchWriter<NodeError>,
    identity: StoreIdentity,
  ) {
    this.#store = store;
    this.#writer = writer;
    this.identity = identity;
  }

  /** Fills an empty store: what the first membership put there, in one batch. */
  static async create(
    store: KeyValueStore,
    identity: StoreIdentity,
    operations: readonly Operation[],
  ): Promise<void> {
    const writer = new BatchWriter(store, {
      lastBatch: 0,
      lazyMs: 0,
      failWith: storeFailure,
      onPoison: () => {},
    });
    const key = storeKey(KEY_KIND.identity);
    writer.stage([{ key, payload: encodeIdentity(identity) }, ...operations], 'urgent');
    await writer.settle();
  }

  /** Verifies the store and counts one more boot, durably. Rejects with NodeError. */
  static async open(store: KeyValueStore, options: LogStoreOptions): Promise<LogStore> {
    await store.verify();
    const found = await readIdentity(store);
    const lastBatch = await readLastBatch(store, storeFailure);
    const writer = new BatchWriter(store, {
      lazyMs: DEFAULT_LAZY_MS,
      ...options,
      lastBatch,
      failWith: storeFailure,
    });
    const identity = { ...found, bootNumber: found.bootNumber + 1 };
    const key = storeKey(KEY_KIND.identity);
    writer.stage([{ key, payload: encodeIdentity(identity) }], 'urgent');
    await writer.settle();
    return new LogStore(store, writer, identity);
  }

  loadGroup(group: number): Promise<GroupState> {
    return readGroup(this.#store, group);
  }

  /** Remembered boot numbers, or the cluster's own rows: small, read once at start. */
  async loadAll(kind: typeof KEY_KIND.peer | typeof KEY_KIND.clusterRow): Promise<KeyValue[]> {
    const rows: KeyValue[] = [];
    for await (const [key, payload] of walk(this.#store, kindRange(kind))) {
      rows.push([key.subarray(storeKey(kind).length), payload]);
    }
    return rows;
  }

  rememberPeer(key: Uint8Array, mark: PeerMark): void {
    this.#writer.stage([{ key, payload: encodePeerMark(mark) }], 'urgent');
  }

  /** The number of the newest batch that is on the disk. */
  get durableBatch(): number {
    return this.#writer.durableBatch;
  }

  stage(operations: readonly Operation[], urgency: Urgency, durable?: () => void): void {
    const rows: [string, Staged][] = [];
    for (const operation of operations) {
      if ((operation.key[0] ?? 0) < KEY_KIND.row) continue;
      const name = nameOf(operation.key);
      this.#staged.set(name, operation);
      rows.push([name, operation]);
    }
    this.#writer.stage(operations, urgency, () => {
      for (const [name, row] of rows) {
        if (this.#staged.get(name) === row) this.#staged.delete(name);
      }
      durable?.();
    });
  }

  /** Rows by their store keys, each checked. */
  async getMany(keys: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const found = keys.map((key) => this.#staged.get(nameOf(key)));
    const missing = keys.filter((_, at) => found[at] === undefined);
    const values = missing.length === 0 ? [] : await this.#store.getMany(missing);
    let next = 0;
    return keys.map((key, at) => {
      const staged = found[at];
      if (staged !== undefined) return staged.payload ?? undefined;
      const value = values[next++];
      return value === undefined ? undefined : payloadOf(key, value);
    });
  }

  /** The first rows of a range, as of now. */
  async scan(range: KeyRange, limit: number): Promise<KeyValue[]> {
    if (limit > SCAN_ROWS_MAX) throw new RangeError(`a scan takes at most ${SCAN_ROWS_MAX} rows`);
    // Staged rows and the cursor's snapshot are taken in one go: together they are one moment.
    const staged = this.#stagedIn(range);
    const cursor = this.#store.cursor(range);
    try {
      return mergeRows(await firstOf(cursor, limit + staged.size), staged, limit);
    } finally {
      await cursor.close();
    }
  }

  /**
   * Rows of all slots of a group whose own key has the prefix. Rows are sorted by slot first, so it
   * seeks from one slot in use to the next.
   */
  async scanSlots(group: number, prefix: Uint8Array, limit: number): Promise<KeyValue[]> {
    if (limit > SCAN_ROWS_MAX) throw new RangeError(`a scan takes at most ${SCAN_ROWS_MAX} rows`);
    const range = kindRange(KEY_KIND.row, group);
    const staged = this.#stagedIn(range);
    for (const [name, row] of staged) {
      if (!startsWith(row.key, prefix, rowHeadBytes(0))) staged.delete(name);
    }
    const cursor = this.#store.cursor(range);
    try {
      const found: KeyValue[] = [];
      for (;;) {
        const [next] = await cursor.next(1);
        if (next === undefined || found.length >= limit + staged.size) break;
        if (startsWith(next[0], prefix, rowHeadBytes(0))) {
          found.push(next);
          continue;
        }
        const slot = slotOfRowKey(next[0]);
        const own = rowKey(group, slot, prefix);
        if (Buffer.compare(next[0], own) < 0) cursor.seek(own);
        else if (slot < 0xffff) cursor.seek(rowKey(group, slot + 1, prefix));
        else break;
      }
      return mergeRows(found, staged, limit);
    } finally {
      await cursor.close();
    }
  }

  room(): Promise<void> {
    return this.#writer.room();
  }

  /** Writes what is staged and waits for it. Rejects if a write failed. */
  settle(): Promise<void> {
    return this.#writer.settle();
  }

  async close(): Promise<void> {
    try {
      await this.#writer.settle();
    } finally {
      await this.#store.close();
    }
  }

  #stagedIn(range: KeyRange): Map<string, Staged> {
    const inside = [...this.#staged].filter(
      ([, { key }]) => Buffer.compare(key, range.from) >= 0 && Buffer.compare(key, range.to) < 0,
    );
    return new Map(inside);
  }
}

/** A cursor gives fewer than it is asked for when they are large; only an empty page is the end. */
async function firstOf(cursor: Cursor, limit: number): Promise<readonly KeyValue[]> {
  const found: KeyValue[] = [];
  while (found.length < limit) {
    const page = await cursor.next(limit - found.length);
    if (page.length === 0) break;
    found.push(...page);
  }
  return found;
}

function mergeRows(
  stored: readonly KeyValue[],
  staged: ReadonlyMap<string, Staged>,
  limit: number,
): KeyValue[] {
  const rows: KeyValue[] = [];
  for (const [key, value] of stored) {
    if (!staged.has(nameOf(key))) rows.push([key, payloadOf(key, value)]);
  }
  for (const { key, payload } of staged.values()) {
    if (payload !== null) rows.push([key, payload]);
  }
  return rows.sort(([a], [b]) => Buffer.compare(a, b)).slice(0, limit);
}

/** Store keys of one slot's rows with a prefix, after a key of the application. */
export function rowRange(
  group: number,
  slot: number,
  prefix: Uint8Array,
  after?: Uint8Array,
): KeyRange {
  const from = rowKey(group, slot, prefix);
  const to = prefixEnd(from);
  if (after === undefined) return { from, to };
  const next = new Uint8Array([...rowKey(group, slot, after), 0]);
  return { from: Buffer.compare(next, from) > 0 ? next : from, to };
}

function startsWith(key: Uint8Array, prefix: Uint8Array, at: number): boolean {
  return Buffer.compare(key.subarray(at, at + prefix.length), prefix) === 0;
}

function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
