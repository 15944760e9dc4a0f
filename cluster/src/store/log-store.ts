// All that a node keeps: raft state of every group and the rows of their state machines. Reads see
// what is staged before it is durable, so that a command can be answered as soon as it is applied
// (it is committed on a majority by then) and its rows travel to the disk with the next batch.

import {
  type After,
  BatchWriter,
  type KeyRange,
  type KeyValue,
  type KeyValueStore,
  type LastBatch,
  type Operation,
  readLastBatch,
  type SyncFigures,
  type Urgency,
} from '@rockpool/storage';
import { encodeSide, type Side } from '../format/group-records.ts';
import { encodeIdentity, type PeerMark, type StoreIdentity } from '../format/identity.ts';
import {
  groupOfKey,
  HEAD_BYTES,
  KEY_KIND,
  prefixEnd,
  prefixRange,
  ROW_KINDS,
  rowHeadBytes,
  rowKey,
  slotOfRowKey,
  storeKey,
} from '../format/store-key.ts';
import { type NodeError, storeFailure } from '../node-error.ts';
import type { GroupScanOptions } from '../ports.ts';
import { HeardPeers, peerOperation } from './heard-peers.ts';
import { fromSide, onSide, otherSide, RowSides } from './row-sides.ts';
import { SnapshotRows } from './snapshot-rows.ts';
import { firstOf, mergeRows, nameOf, type Staged } from './staged-rows.ts';
import {
  type GroupState,
  kindRange,
  payloadOf,
  readGroup,
  readIdentity,
  readSides,
  walk,
} from './verify-store.ts';

/** Most rows of one scan. */
const SCAN_ROWS_MAX = 10_000;
/** Rows wait so long for entries to travel with: a crash until then costs that much of applying again. */
const DEFAULT_LAZY_MS = 50;
/** Rows deleted in one batch. */
const CLEARED_ROWS = 1_000;

export interface LogStoreOptions {
  readonly onPoison: (error: NodeError) => void;
  readonly lazyMs?: number;
  readonly after?: After;
  /** The number of the newest batch, kept beside the store. */
  readonly last?: LastBatch;
}

interface StoreParts {
  readonly store: KeyValueStore;
  readonly writer: BatchWriter<NodeError>;
  readonly heard: HeardPeers;
}

type HeldKind = typeof KEY_KIND.peer | typeof KEY_KIND.clusterRow | typeof KEY_KIND.session;

export class LogStore {
  readonly #store: KeyValueStore;
  readonly #writer: BatchWriter<NodeError>;
  readonly #heard: HeardPeers;
  /** Rows staged and not yet durable, by the key's bytes as latin1. */
  readonly #staged = new Map<string, Staged>();
  /** As reads see them, and as they are on the disk. */
  readonly #sides: RowSides;
  readonly #durableSides: RowSides;
  readonly #clearing = new Map<number, Promise<void>>();
  readonly identity: StoreIdentity;
  /** The batch that counted this boot. */
  readonly bootBatch: number;

  private constructor(
    { store, writer, heard }: StoreParts,
    identity: StoreIdentity,
    sides: ReadonlyMap<number, Side>,
  ) {
    this.#store = store;
    this.#writer = writer;
    this.#heard = heard;
    this.identity = identity;
    this.bootBatch = writer.durableBatch;
    this.#sides = new RowSides(sides);
    this.#durableSides = new RowSides(sides);
  }

  /** Fills an empty store: what the first membership put there, in one batch. */
  static async create(
    store: KeyValueStore,
    identity: StoreIdentity,
    operations: readonly Operation[],
  ): Promise<void> {
    await LogStore.fill(store, identity)(operations);
  }

  /** Fills an empty store batch by batch; who the store belongs to comes with the first one. */
  static fill(
    store: KeyValueStore,
    identity: StoreIdentity,
  ): (operations: readonly Operation[]) => Promise<void> {
    const writer = new BatchWriter(store, {
      lastBatch: 0,
      lazyMs: 0,
      failWith: storeFailure,
      onPoison: () => {},
    });
    const key = storeKey(KEY_KIND.identity);
    writer.stage([{ key, payload: encodeIdentity(identity) }], 'lazy');
    return async (operations) => {
      writer.stage(operations, 'urgent');
      await writer.settle();
    };
  }

  /** Verifies the store and counts one more boot, durably. Rejects with NodeError. */
  static async open(store: KeyValueStore, options: LogStoreOptions): Promise<LogStore> {
    await store.verify();
    const found = await readIdentity(store);
    const lastBatch = await readLastBatch(store, storeFailure);
    const { last } = options;
    last?.requireReached(lastBatch, storeFailure);
    const heard = new HeardPeers();
    const sides = await readSides(store);
    const writer = new BatchWriter(store, {
      lazyMs: DEFAULT_LAZY_MS,
      ...options,
      lastBatch,
      failWith: storeFailure,
      note: async (batch) => last?.note(batch),
      company: () => heard.take(),
    });
    const identity = { ...found, bootNumber: found.bootNumber + 1 };
    const key = storeKey(KEY_KIND.identity);
    writer.stage([{ key, payload: encodeIdentity(identity) }], 'urgent');
    await writer.settle();
    return new LogStore({ store, writer, heard }, identity, sides);
  }

  loadGroup(group: number): Promise<GroupState> {
    return readGroup(this.#store, group);
  }

  /** What is small and held in memory too: read once at start, keyed by what follows kind and group. */
  async loadAll(kind: HeldKind, group = 0): Promise<KeyValue[]> {
    const rows: KeyValue[] = [];
    const { from } = kindRange(kind, group);
    const range = prefixRange(this.#sides.live(from));
    for await (const [key, payload] of walk(this.#store, range)) {
      rows.push([key.subarray(HEAD_BYTES), payload]);
    }
    return rows;
  }

  /** Durable at once where the peer's boot is new; else with whatever is written next. */
  rememberPeer(nodeId: string, mark: PeerMark, isNewBoot: boolean): void {
    this.#heard.note(nodeId, mark);
    if (isNewBoot) this.#writer.stage([peerOperation(nodeId, mark)], 'urgent');
  }

  /** The number of the newest batch that is on the disk. */
  get durableBatch(): number {
    return this.#writer.durableBatch;
  }

  /** How long the disk takes to confirm a batch. */
  get syncs(): SyncFigures {
    return this.#writer.times.figures();
  }

  stage(operations: readonly Operation[], urgency: Urgency, durable?: () => void): void {
    const rows: [string, Staged][] = [];
    const placed = operations.map((operation) => {
      if ((operation.key[0] ?? 0) < KEY_KIND.row) return operation;
      const key = this.#sides.live(operation.key);
      const row = key === operation.key ? operation : { ...operation, key };
      const name = nameOf(row.key);
      this.#staged.set(name, row);
      rows.push([name, row]);
      return row;
    });
    this.#writer.stage(placed, urgency, () => {
      for (const [name, row] of rows) {
        if (this.#staged.get(name) === row) this.#staged.delete(name);
      }
      durable?.();
    });
  }

  /** Rows by their store keys, each checked. */
  async getMany(asked: readonly Uint8Array[]): Promise<(Uint8Array | undefined)[]> {
    const keys = asked.map((key) => this.#sides.live(key));
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
    const side = this.#sides.of(groupOfKey(range.from));
    // Staged rows and the cursor's snapshot are taken in one go: together they are one moment.
    const placed = { from: onSide(range.from, side), to: onSide(range.to, side) };
    const staged = this.#stagedIn(placed);
    const cursor = this.#store.cursor(placed);
    try {
      const rows = mergeRows(await firstOf(cursor, limit + staged.size), staged, limit);
      return rows.map(([key, payload]) => [fromSide(key, side), payload]);
    } finally {
      await cursor.close();
    }
  }

  /**
   * Rows of all slots of a group whose own key has the prefix. Rows are sorted by slot first, so it
   * seeks from one slot in use to the next.
   */
  async scanSlots(group: number, { prefix, after, limit }: GroupScanOptions): Promise<KeyValue[]> {
    if (limit > SCAN_ROWS_MAX) throw new RangeError(`a scan takes at most ${SCAN_ROWS_MAX} rows`);
    const side = this.#sides.of(group);
    const all = prefixRange(onSide(storeKey(KEY_KIND.row, group), side));
    const last = after && onSide(rowKey(group, after.slot, after.key), side);
    const range = last === undefined ? all : { from: new Uint8Array([...last, 0]), to: all.to };
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
        const own = onSide(rowKey(group, slot, prefix), side);
        if (Buffer.compare(next[0], own) < 0) cursor.seek(own);
        else if (slot < 0xffff) cursor.seek(onSide(rowKey(group, slot + 1, prefix), side));
        else break;
      }
      const rows = mergeRows(found, staged, limit);
      return rows.map(([key, payload]) => [fromSide(key, side), payload]);
    } finally {
      await cursor.close();
    }
  }

  /** Rows of a snapshot, on the side that nobody reads; resolves once they are durable. */
  stageReceived(group: number, rows: readonly KeyValue[]): Promise<void> {
    const side = otherSide(this.#sides.of(group));
    const operations = rows.map(([key, payload]) => ({ key: onSide(key, side), payload }));
    return new Promise((resolve) => this.#writer.stage(operations, 'urgent', resolve));
  }

  /** One batch: what is given, and the received side becomes the one that is read. */
  stageSwitch(group: number, operations: readonly Operation[], durable: () => void): void {
    const side = otherSide(this.#sides.of(group));
    const record = { key: storeKey(KEY_KIND.side, group), payload: encodeSide(side) };
    this.#sides.set(group, side);
    this.#writer.stage([...operations, record], 'urgent', () => {
      this.#durableSides.set(group, side);
      durable();
    });
  }

  /** Deletes the rows on the side that nobody reads. */
  clearOther(group: number): Promise<void> {
    const running = this.#clearing.get(group) ?? this.#clearOther(group);
    this.#clearing.set(group, running);
    const forget = () => this.#clearing.delete(group);
    running.then(forget, forget);
    return running;
  }

  /** The group's rows as they are on the disk at one moment, when all staged until now is. */
  snapshotRows(group: number): Promise<SnapshotRows> {
    return this.#atOneMoment(() => this.#rowsOf(group));
  }

  /** The rows of several groups at the same moment. */
  cut(groups: readonly number[]): Promise<readonly SnapshotRows[]> {
    return this.#atOneMoment(() => groups.map((group) => this.#rowsOf(group)));
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

  /** Nothing is being written while `take` runs: all cursors that it opens see one moment. */
  #atOneMoment<T>(take: () => T): Promise<T> {
    return new Promise((resolve) => {
      this.#writer.stage([], 'urgent', () => resolve(take()));
    });
  }

  #rowsOf(group: number): SnapshotRows {
    return new SnapshotRows(this.#store, group, this.#durableSides.of(group));
  }

  async #clearOther(group: number): Promise<void> {
    // Rows staged before the sides changed are on their way to the side that is cleared now.
    await new Promise<void>((resolve) => this.#writer.stage([], 'lazy', resolve));
    const side = otherSide(this.#sides.of(group));
    for (const kind of ROW_KINDS) {
      const cursor = this.#store.cursor(prefixRange(onSide(storeKey(kind, group), side)));
      try {
        for (;;) {
          const page = await cursor.next(CLEARED_ROWS);
          if (page.length === 0) break;
          const deleted = page.map(([key]) => ({ key, payload: null }));
          await new Promise<void>((resolve) => this.#writer.stage(deleted, 'lazy', resolve));
        }
      } finally {
        await cursor.close();
      }
    }
  }

  #stagedIn(range: KeyRange): Map<string, Staged> {
    const inside = [...this.#staged].filter(
      ([, { key }]) => Buffer.compare(key, range.from) >= 0 && Buffer.compare(key, range.to) < 0,
    );
    return new Map(inside);
  }
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
