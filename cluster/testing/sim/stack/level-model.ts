// What LevelDB keeps on a disk, and what it makes of damage: batches as records of a write-ahead log, and
// tables into which a full log is written. Opening replays the log, and drops without a word what it
// cannot read there, from the middle too; tables it does not check at all. All of it is this file's, and
// outlives the processes that open it.

import {
  batchKey,
  type Cursor,
  decodeStoredValue,
  type KeyRange,
  type KeyValue,
  type KeyValueStore,
  type WriteOperation,
} from '@rockpool/storage';
import { storeFailure } from '../../../src/node-error.ts';
import type { Random } from '../random.ts';
import { SortedMap } from './sorted-map.ts';

/** Of the record that numbers a batch. */
const BATCH_KIND = batchKey(0)[0];

interface Change {
  readonly name: string;
  readonly value: Uint8Array | null;
}

interface LogRecord {
  readonly changes: readonly Change[];
  /** Its checksum does not match any more. */
  isDamaged: boolean;
}

/** A copy of the directory as it was. */
export interface Backup {
  readonly tables: SortedMap;
  readonly log: readonly LogRecord[];
}

export class LevelModel {
  readonly #logRecordsMax: number;
  #tables = new SortedMap();
  #log: LogRecord[] = [];
  /** Tables and log together, as a process reads them. */
  #live = new SortedMap();
  /** What only reading whole tables shows. */
  #hasTableDamage = false;

  constructor(logRecordsMax: number) {
    this.#logRecordsMax = logRecordsMax;
  }

  get live(): SortedMap {
    return this.#live;
  }

  get hasTableDamage(): boolean {
    return this.#hasTableDamage;
  }

  get isEmpty(): boolean {
    return this.#live.size === 0;
  }

  /** One record, synced. */
  append(operations: readonly WriteOperation[]): void {
    const changes = operations.map(({ key, value }) => ({ name: nameOf(key), value }));
    this.#log.push({ changes, isDamaged: false });
    applyTo(this.#live, changes);
    if (this.#log.length > this.#logRecordsMax) this.#writeTable();
  }

  /** Replays the log into a table, as LevelDB does; damaged records are gone for good. */
  open(): void {
    this.#writeTable();
    this.#live = this.#tables.copy();
  }

  backup(): Backup {
    const log = this.#log.map((record) => ({ ...record }));
    return { tables: this.#tables.copy(), log };
  }

  restore({ tables, log }: Backup): void {
    this.#tables = tables.copy();
    this.#log = [...log];
    this.open();
  }

  wipe(): void {
    this.#tables = new SortedMap();
    this.#log = [];
    this.#live = new SortedMap();
  }

  /** Of the log's records one or more in the middle, never the last. False if there is no middle. */
  damageLog(random: Random): boolean {
    if (this.#log.length < 3) return false;
    const first = random.between(0, this.#log.length - 3);
    const last = Math.min(first + random.between(0, 2), this.#log.length - 2);
    for (const record of this.#log.slice(first, last + 1)) record.isDamaged = true;
    return true;
  }

  /** Cuts the log cleanly between two records; gives the number of the first batch that is gone, if any is. */
  cutLog(random: Random): number | undefined {
    if (this.#log.length === 0) return undefined;
    const kept = this.#log.length - random.between(1, Math.min(3, this.#log.length));
    const [first] = this.#log.splice(kept);
    return first && batchNumberOf(first);
  }

  /** Flips a bit of a value in a table, where the log has no newer one. False if there is none. */
  flipBit(random: Random, from: string, to: string): boolean {
    const newer = new Set(this.#log.flatMap(({ changes }) => changes.map(({ name }) => name)));
    const candidates = this.#tables.range(from, to).filter(([name]) => !newer.has(name));
    if (candidates.length === 0) return false;
    const [name, value] = random.pick(candidates);
    const flipped = flipABit(value, random);
    this.#tables.set(name, flipped);
    this.#live.set(name, flipped);
    this.#hasTableDamage = true;
    return true;
  }

  /** A block of a table lies where another one was: its rows are gone, and the checksum tells. */
  misdirect(random: Random): boolean {
    const all = this.#tables.range('', '\uffff');
    if (all.length < 2) return false;
    const at = random.between(0, all.length - 2);
    for (const [name] of all.slice(at, at + random.between(1, 8))) this.#tables.delete(name);
    this.#hasTableDamage = true;
    return true;
  }

  #writeTable(): void {
    for (const { changes, isDamaged } of this.#log) {
      if (!isDamaged) applyTo(this.#tables, changes);
    }
    this.#log = [];
  }
}

function batchNumberOf({ changes }: LogRecord): number | undefined {
  for (const { name, value } of changes) {
    if (name.charCodeAt(0) !== BATCH_KIND || value === null) continue;
    const stored = decodeStoredValue(keyOf(name), value);
    if (stored.ok) return Number(Buffer.from(stored.payload).readBigUInt64BE());
  }
  return undefined;
}

/** A database over it in which nothing takes time. */
export function openModel(model: LevelModel, pageRows: number): KeyValueStore {
  return {
    getMany: async (keys) => keys.map((key) => model.live.get(nameOf(key))),
    cursor: (range) => cursorOf(model, range, pageRows),
    write: async (operations) => model.append(operations),
    verify: async () => {
      if (model.hasTableDamage) throw storeFailure('STORE_DAMAGED', 'A table.');
    },
    close: async () => {},
  };
}

function cursorOf(model: LevelModel, range: KeyRange, pageRows: number): Cursor {
  const pairs = model.live.range(nameOf(range.from), nameOf(range.to));
  let at = 0;
  return {
    next: async (limit) => {
      const page = pairs.slice(at, at + Math.min(limit, pageRows));
      at += page.length;
      return page.map(([name, value]): KeyValue => [keyOf(name), value]);
    },
    seek: (target) => {
      const found = pairs.findIndex(([name]) => name >= nameOf(target));
      at = found === -1 ? pairs.length : found;
    },
    close: async () => {},
  };
}

export function flipABit(bytes: Uint8Array, random: Random): Uint8Array {
  const flipped = bytes.slice();
  const at = random.between(0, flipped.length - 1);
  flipped[at] = (flipped[at] ?? 0) ^ (1 << random.between(0, 7));
  return flipped;
}

export function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}

export function keyOf(name: string): Uint8Array {
  return new Uint8Array(Buffer.from(name, 'latin1'));
}

function applyTo(map: SortedMap, changes: readonly Change[]): void {
  for (const { name, value } of changes) {
    if (value === null) map.delete(name);
    else map.set(name, value);
  }
}
