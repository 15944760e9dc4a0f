// A database in memory, for tests and the simulation. Content outlives the store object, as a disk
// outlives a process; writes can be held back, refused, and content can be damaged at rest.

import type { Cursor, KeyRange, KeyValue, KeyValueStore, WriteOperation } from '@rockpool/storage';

/** Fewer than asked for, as LevelDB gives when rows are large. */
const PAGE_ROWS_MAX = 3;

export class MemoryDisk {
  readonly content = new Map<string, Uint8Array>();
  writes = 0;
  /** The next write fails with this, once. */
  failWith: Error | undefined;
  /** While set, every write waits for it. */
  gate: Promise<void> | undefined;

  open(): KeyValueStore {
    return {
      getMany: async (keys) => keys.map((key) => this.content.get(name(key))?.slice()),
      cursor: (range) => this.#cursor(range),
      write: (operations) => this.#write(operations),
      verify: async () => {},
      close: async () => {},
    };
  }

  /** Every key with its value, ascending. */
  entries(): KeyValue[] {
    return [...this.content.entries()]
      .map(([key, value]) => [new Uint8Array(Buffer.from(key, 'hex')), value] as const)
      .sort(([a], [b]) => Buffer.compare(a, b));
  }

  async #write(operations: readonly WriteOperation[]): Promise<void> {
    await this.gate;
    const failure = this.failWith;
    if (failure !== undefined) {
      this.failWith = undefined;
      throw failure;
    }
    this.writes += 1;
    for (const { key, value } of operations) {
      if (value === null) this.content.delete(name(key));
      else this.content.set(name(key), value.slice());
    }
  }

  #cursor(range: KeyRange): Cursor {
    const pairs = this.entries().filter(
      ([key]) => Buffer.compare(key, range.from) >= 0 && Buffer.compare(key, range.to) < 0,
    );
    let at = 0;
    return {
      next: async (limit) => {
        const page = pairs.slice(at, at + Math.min(limit, PAGE_ROWS_MAX));
        at += page.length;
        return page;
      },
      seek: (target) => {
        const found = pairs.findIndex(([key]) => Buffer.compare(key, target) >= 0);
        at = found === -1 ? pairs.length : found;
      },
      close: async () => {},
    };
  }
}

function name(key: Uint8Array): string {
  return Buffer.from(key).toString('hex');
}
