// The database of a node: classic-level, one directory, one process. LevelDB's own lock file keeps a
// second process out. Every write is synced.

import { ClassicLevel } from 'classic-level';
import { NodeError } from '../node-error.ts';
import type { Cursor, KeyRange, KeyValueStore, WriteOperation } from '../store/key-value-store.ts';

const VIEW = { keyEncoding: 'view', valueEncoding: 'view' } as const;
const CACHE_BYTES = 33_554_432;

/** Opens or creates the database. Rejects with STORE_IN_USE or STORE_OPEN_FAILED. */
export async function openLevelStore(location: string): Promise<KeyValueStore> {
  const db = new ClassicLevel<Uint8Array, Uint8Array>(location, {
    ...VIEW,
    cacheSize: CACHE_BYTES,
  });
  try {
    await db.open();
  } catch (error) {
    const locked = causeCode(error) === 'LEVEL_LOCKED';
    throw new NodeError(locked ? 'STORE_IN_USE' : 'STORE_OPEN_FAILED', location, { cause: error });
  }
  return {
    getMany: (keys) => db.getMany([...keys]),
    cursor: (range) => levelCursor(db, range),
    write: (operations) => db.batch(operations.map(toBatchOperation), { sync: true }),
    close: () => db.close(),
  };
}

function levelCursor(db: ClassicLevel<Uint8Array, Uint8Array>, range: KeyRange): Cursor {
  const iterator = db.iterator({ gte: range.from, lt: range.to });
  return {
    next: (limit) => iterator.nextv(limit),
    seek: (key) => iterator.seek(key),
    close: () => iterator.close(),
  };
}

function toBatchOperation(operation: WriteOperation) {
  const { key, value } = operation;
  return value === null ? { type: 'del' as const, key } : { type: 'put' as const, key, value };
}

function causeCode(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}
