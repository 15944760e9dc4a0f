// A database: classic-level, one directory, one process. LevelDB's own lock file keeps a
// second process out. Every write is synced. Nothing is compressed: table files can then be verified here,
// and what lies in them is mostly keys, hashes and signatures.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import type { Cursor, KeyRange, KeyValueStore, WriteOperation } from './key-value-store.ts';
import type { FailWith } from './store-failure.ts';
import { judgeTable } from './table-file.ts';

const VIEW = { keyEncoding: 'view', valueEncoding: 'view' } as const;
const CACHE_BYTES = 33_554_432;
/** Twice what LevelDB takes by itself: with fewer and larger tables it merges less. */
const WRITE_BUFFER_BYTES = 8_388_608;
/**
 * Each store draws its own size from within this share of it. Replicas hold the same: theirs would be full in the same
 * moment, and all of them slow at once, where a majority need not wait for one that writes a table.
 */
const WRITE_BUFFER_SPREAD = 0.3;
/** A batch that grew beyond this is not used again: its memory is let go. */
const REFILLED_BYTES_MAX = 1_048_576;

type Level = ClassicLevel<Uint8Array, Uint8Array>;

/** Opens or creates the database. Rejects with STORE_IN_USE or STORE_OPEN_FAILED. */
export async function openLevelStore(location: string, failWith: FailWith): Promise<KeyValueStore> {
  const db: Level = new ClassicLevel(location, {
    ...VIEW,
    cacheSize: CACHE_BYTES,
    writeBufferSize: drawWriteBufferBytes(),
    compression: false,
  });
  try {
    await db.open();
  } catch (error) {
    const locked = causeCode(error) === 'LEVEL_LOCKED';
    throw failWith(locked ? 'STORE_IN_USE' : 'STORE_OPEN_FAILED', location, { cause: error });
  }
  const damaged = (error: unknown) => throwDamage(error, failWith);
  const batches = new LevelBatches(db);
  return {
    getMany: (keys) => db.getMany([...keys]).catch(damaged),
    cursor: (range) => levelCursor(db, range, damaged),
    verify: (pause) => verifyTables(db, { location, failWith }, pause),
    write: (operations) => batches.store(operations),
    close: () => db.close(),
  };
}

function drawWriteBufferBytes(): number {
  const deviation = WRITE_BUFFER_SPREAD * (2 * Math.random() - 1);
  return Math.round(WRITE_BUFFER_BYTES * (1 + deviation));
}

/** A chained batch, by the methods beneath its public ones (abstract-level documents them for those who make databases). */
interface ChainedBatch {
  _put(key: Uint8Array, value: Uint8Array): void;
  _del(key: Uint8Array): void;
  _clear(): void;
  _write(options: { readonly sync: true }): Promise<void>;
  close(): Promise<void>;
}

/**
 * Batches that are filled again. As an array, operations cost twice as much: each is copied, and asked for its properties by
 * name. And a chained batch serves its public callers once, and then keeps memory that only the garbage collector frees, which does not see it.
 */
class LevelBatches {
  readonly #db: Level;
  #empty: ChainedBatch | undefined;

  constructor(db: Level) {
    this.#db = db;
  }

  async store(operations: readonly WriteOperation[]): Promise<void> {
    const batch = this.#take();
    let bytes = 0;
    for (const { key, value } of operations) {
      if (value === null) batch._del(key);
      else batch._put(key, value);
      bytes += key.length + (value?.length ?? 0);
    }
    await batch._write({ sync: true });
    batch._clear();
    if (bytes > REFILLED_BYTES_MAX || this.#empty !== undefined) await batch.close();
    else this.#empty = batch;
  }

  /** A new one where there is none, and where the database is closed: then it throws. */
  #take(): ChainedBatch {
    const empty = this.#db.status === 'open' ? this.#empty : undefined;
    this.#empty = undefined;
    return empty ?? (this.#db.batch() as unknown as ChainedBatch);
  }
}

function levelCursor(db: Level, range: KeyRange, damaged: (error: unknown) => never): Cursor {
  const iterator = db.iterator({ gte: range.from, lt: range.to });
  return {
    next: (limit) => iterator.nextv(limit).catch(damaged),
    seek: (key) => iterator.seek(key),
    close: () => iterator.close(),
  };
}

/** Only the tables in use: what a crash left half written is none of them. */
async function verifyTables(
  db: Level,
  { location, failWith }: { readonly location: string; readonly failWith: FailWith },
  pause: () => Promise<unknown> = async () => {},
): Promise<void> {
  for (const number of tablesOf(db)) {
    const name = `${number.padStart(6, '0')}.ldb`;
    let file: Uint8Array;
    try {
      file = await readFile(join(location, name));
    } catch (error) {
      // Merged into another table in the meantime.
      if (!tablesOf(db).includes(number)) continue;
      throw failWith('STORE_DAMAGED', `Table ${name} cannot be read.`, { cause: error });
    }
    const verdict = judgeTable(file);
    if (verdict === 'version') throw failWith('STORE_VERSION', `Table ${name}.`);
    if (verdict === 'damaged') throw failWith('STORE_DAMAGED', `Table ${name}.`);
    await pause();
  }
}

/** LevelDB lists them as " NUMBER:BYTES['first key' .. 'last key']", keys with escapes. */
function tablesOf(db: Level): readonly string[] {
  const lines = db.getProperty('leveldb.sstables').matchAll(/^ (\d+):\d+\[/gm);
  return Array.from(lines, ([, number = '']) => number);
}

/** What LevelDB itself cannot read gets the same code as a value that fails its checksum. */
function throwDamage(error: unknown, failWith: FailWith): never {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const isDamage = code === 'LEVEL_CORRUPTION' || code === 'LEVEL_IO_ERROR';
  throw isDamage ? failWith('STORE_DAMAGED', 'A file of the database.', { cause: error }) : error;
}

function causeCode(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}
