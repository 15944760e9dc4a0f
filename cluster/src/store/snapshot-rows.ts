// A group's state machine as it is on the disk at one moment: how far it has applied, its slots, and all
// of its rows in the order of their keys. Equal positions give equal rows on every node.

import type { Cursor, KeyValue, KeyValueStore } from '@rockpool/storage';
import type { LogBase } from '../core/entry.ts';
import { decodeLogBase, type Side } from '../format/group-records.ts';
import { KEY_KIND, prefixRange, ROW_KINDS, storeKey } from '../format/store-key.ts';
import { NodeError } from '../node-error.ts';
import { fromSide, onSide } from './row-sides.ts';
import { payloadOf } from './verify-store.ts';

const PAGE_ROWS = 256;

export interface SnapshotHead {
  readonly base: LogBase;
  /** The record of the group's slots. */
  readonly slots: Uint8Array;
}

export class SnapshotRows {
  readonly #group: number;
  readonly #side: Side;
  readonly #head: readonly Cursor[];
  readonly #rows: readonly Cursor[];

  /** While nothing is being written: only then do all cursors see one moment. */
  constructor(store: KeyValueStore, group: number, side: Side) {
    this.#group = group;
    this.#side = side;
    const headKeys = [storeKey(KEY_KIND.applied, group), storeKey(KEY_KIND.slots, group)];
    this.#head = headKeys.map((key) => store.cursor(prefixRange(key)));
    this.#rows = ROW_KINDS.map((kind) =>
      store.cursor(prefixRange(onSide(storeKey(kind, group), side))),
    );
  }

  async head(): Promise<SnapshotHead> {
    const [applied, slots] = await Promise.all(this.#head.map((cursor) => this.#only(cursor)));
    const base = applied && decodeLogBase(applied);
    if (base === undefined || slots === undefined) {
      throw new NodeError('STORE_HOLE', `Group ${this.#group} has no applied index or no slots.`);
    }
    return { base, slots };
  }

  /** Page by page, every value checked. */
  async *pages(): AsyncGenerator<readonly KeyValue[]> {
    for (const cursor of this.#rows) {
      for (;;) {
        const page = await cursor.next(PAGE_ROWS);
        if (page.length === 0) break;
        yield page.map(([key, value]) => [fromSide(key, this.#side), payloadOf(key, value)]);
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#head, ...this.#rows].map((cursor) => cursor.close()));
  }

  async #only(cursor: Cursor): Promise<Uint8Array | undefined> {
    const [row] = await cursor.next(1);
    return row === undefined ? undefined : payloadOf(row[0], row[1]);
  }
}
