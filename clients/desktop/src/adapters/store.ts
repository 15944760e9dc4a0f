// The engine's rows over LevelDB. What was acknowledged and is not there any more, or is not what was
// written, is refused at open or at the read with a coded error; nothing is served that was not written.

import { access } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorePort } from '@rockpool/client-core';
import {
  BatchWriter,
  decodeStoredValue,
  type FailWith,
  type KeyRange,
  type KeyValue,
  type KeyValueStore,
  LastBatch,
  openLevelStore,
  readLastBatch,
  type StoreFailureCode,
} from '@rockpool/storage';
import { AgentError, type AgentErrorCode } from '../agent-errors.ts';
import type { DataDirectory } from '../data-directory.ts';
import { DiskFullError } from '../disk-full.ts';

/** First byte of a key: whose row it is. Batch numbers have a byte of their own in storage/. */
export const ROW_KIND = { engine: 0x20, deviceKey: 0x21 } as const;
export type RowKind = (typeof ROW_KIND)[keyof typeof ROW_KIND];

const PAGE_ROWS = 1_000;

export interface DeviceStore {
  /** The rows of one kind; they do not see each other. */
  rows(kind: RowKind): StorePort;
  /** Waits for what is being written. */
  close(): Promise<void>;
}

/** Rejects with AgentError. `onFailed` is told once, when a write failed and nothing more is written. */
export async function openDeviceStore(
  directory: DataDirectory,
  onFailed: (error: AgentError) => void,
): Promise<DeviceStore> {
  const last = await LastBatch.open(directory.lastBatchFile, { sync: true }).catch(
    (error: unknown) => {
      throw storeFailure('STORE_OPEN_FAILED', directory.lastBatchFile, { cause: error });
    },
  );
  let database: KeyValueStore | undefined;
  try {
    await refuseLostStore(directory, last);
    database = await openLevelStore(directory.store, storeFailure);
    await database.verify();
    const batch = await readLastBatch(database, storeFailure);
    last.requireReached(batch, storeFailure);
    await last.note(batch);
    return new LevelDeviceStore(database, { batch, last, onFailed });
  } catch (error) {
    await database?.close();
    await last.close();
    throw error;
  }
}

/** LevelDB would put a new store where one has vanished. */
async function refuseLostStore(directory: DataDirectory, last: LastBatch): Promise<void> {
  if (last.known === 0) return;
  const current = join(directory.store, 'CURRENT');
  await access(current).catch((error: unknown) => {
    throw storeFailure('STORE_BEHIND', `${current} is missing.`, { cause: error });
  });
}

const CODES: Readonly<Record<StoreFailureCode, AgentErrorCode>> = {
  STORE_IN_USE: 'AGENT_RUNNING',
  STORE_OPEN_FAILED: 'AGENT_STORE_OPEN_FAILED',
  STORE_DAMAGED: 'AGENT_STORE_DAMAGED',
  STORE_HOLE: 'AGENT_STORE_DAMAGED',
  STORE_BEHIND: 'AGENT_STORE_DAMAGED',
  STORE_VERSION: 'AGENT_STORE_VERSION',
  STORE_WRITE_FAILED: 'AGENT_STORE_WRITE_FAILED',
};

const storeFailure: FailWith<AgentError> = (code, detail, options) => {
  const text = describe(options?.cause);
  if (/No space left|quota exceeded/i.test(text)) return new DiskFullError(detail, options);
  // What LevelDB itself finds broken when it opens its files.
  if (code === 'STORE_OPEN_FAILED' && /corruption/i.test(text)) code = 'STORE_DAMAGED';
  return new AgentError(CODES[code], detail, options);
};

/** The messages of an error and all its causes: LevelDB's own words stand in the innermost. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return '';
  return `${error.message}\n${describe(error.cause)}`;
}

interface Opened {
  readonly batch: number;
  readonly last: LastBatch;
  readonly onFailed: (error: AgentError) => void;
}

class LevelDeviceStore implements DeviceStore {
  readonly #database: KeyValueStore;
  readonly #last: LastBatch;
  readonly #writer: BatchWriter<AgentError>;
  readonly #waiting = new Set<(error: AgentError) => void>();
  #failed: AgentError | undefined;

  constructor(database: KeyValueStore, { batch, last, onFailed }: Opened) {
    this.#database = database;
    this.#last = last;
    this.#writer = new BatchWriter<AgentError>(database, {
      lastBatch: batch,
      lazyMs: 0,
      failWith: storeFailure,
      note: (number) => last.note(number),
      onPoison: (error) => {
        this.#failed = error;
        for (const reject of this.#waiting) reject(error);
        this.#waiting.clear();
        onFailed(error);
      },
    });
  }

  rows(kind: RowKind): StorePort {
    return {
      get: async (key) => {
        const stored = keyOf(kind, key);
        const [value] = await this.#database.getMany([stored]);
        return value === undefined ? undefined : payloadOf(stored, value);
      },
      write: (rows) => {
        const operations = rows.map(([key, value]) => {
          return { key: keyOf(kind, key), payload: value ?? null };
        });
        return this.#write(operations);
      },
      list: async (prefix) => {
        const rows = await this.#all(rangeOf(kind, prefix));
        return rows.map(([key, value]) => [nameOf(key), payloadOf(key, value)] as const);
      },
    };
  }

  async close(): Promise<void> {
    try {
      // A writer that failed has told so already.
      await this.#writer.settle().catch(() => {});
    } finally {
      await this.#database.close();
      await this.#last.close();
    }
  }

  #write(operations: Parameters<BatchWriter<AgentError>['stage']>[0]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failed !== undefined) return reject(this.#failed);
      this.#waiting.add(reject);
      this.#writer.stage(operations, 'urgent', () => {
        this.#waiting.delete(reject);
        resolve();
      });
    });
  }

  async #all(range: KeyRange): Promise<readonly KeyValue[]> {
    const cursor = this.#database.cursor(range);
    try {
      const rows: KeyValue[] = [];
      for (;;) {
        const page = await cursor.next(PAGE_ROWS);
        if (page.length === 0) return rows;
        rows.push(...page);
      }
    } finally {
      await cursor.close();
    }
  }
}

function keyOf(kind: RowKind, key: string): Uint8Array {
  const name = Buffer.from(key);
  const stored = new Uint8Array(1 + name.length);
  stored[0] = kind;
  stored.set(name, 1);
  return stored;
}

function nameOf(stored: Uint8Array): string {
  return Buffer.from(stored.subarray(1)).toString();
}

/** UTF-8 never ends in 0xff, so the last byte of a prefix can always be counted up. */
function rangeOf(kind: RowKind, prefix: string): KeyRange {
  const from = keyOf(kind, prefix);
  const to = from.slice();
  to[to.length - 1] = (to[to.length - 1] ?? 0) + 1;
  return { from, to };
}

function payloadOf(key: Uint8Array, value: Uint8Array): Uint8Array {
  const decoded = decodeStoredValue(key, value);
  if (decoded.ok) return new Uint8Array(decoded.payload);
  throw storeFailure(decoded.code, `Row ${nameOf(key)}.`);
}
