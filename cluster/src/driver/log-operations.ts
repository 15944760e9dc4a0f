// What batches of the core mean for the store: entries in rows, each a run of them, and the small records
// beside them. What is written at once lies in one row, since a key of its own costs the database more than the entry in
// it. The rows of a snapshot are in the store already.

import type { Operation } from '@rockpool/storage';
import type { Entry } from '../core/entry.ts';
import type { PersistBatch, Raft, RaftStatus } from '../core/types.ts';
import { encodeHardState, encodeLogBase } from '../format/group-records.ts';
import { encodeLogEntries, logEntryBytes } from '../format/log-entry.ts';
import { entryKey, KEY_KIND, storeKey } from '../format/store-key.ts';
import type { LogRow } from '../store/verify-store.ts';

/** A longer run is cut, so that little of a log outlives its compaction; a single larger entry has a row of its own. */
const ROW_BYTES_MAX = 65_536;

/** The core's log, as it is when a batch is taken from it. */
export interface LogReader extends Pick<Raft, 'entries'> {
  status(): Pick<RaftStatus, 'firstIndex'>;
}

type StoredBatch = Omit<PersistBatch, 'batch' | 'term' | 'index'>;

export class LogOperations {
  readonly #group: number;
  readonly #log: LogReader;
  /** In the order of their entries; the first row may begin before the log does. */
  readonly #rows: LogRow[];
  #operations: Operation[] = [];

  constructor(group: number, rows: readonly LogRow[], log: LogReader) {
    this.#group = group;
    this.#rows = [...rows];
    this.#log = log;
  }

  /** To be called once for each batch, in their order. */
  of({ snapshot, compactTo, truncateFrom, entries, hardState }: StoredBatch): Operation[] {
    this.#operations = [];
    if (snapshot !== undefined) {
      this.#drop(0, this.#rows.length);
      this.#put(storeKey(KEY_KIND.logBase, this.#group), encodeLogBase(snapshot));
      this.#put(storeKey(KEY_KIND.applied, this.#group), encodeLogBase(snapshot));
    }
    if (compactTo !== undefined) {
      this.#compact(compactTo.index);
      this.#put(storeKey(KEY_KIND.logBase, this.#group), encodeLogBase(compactTo));
    }
    this.#append(truncateFrom === undefined ? entries : [...this.#cut(truncateFrom), ...entries]);
    if (hardState !== undefined) {
      this.#put(storeKey(KEY_KIND.hardState, this.#group), encodeHardState(hardState));
    }
    return this.#operations;
  }

  /** A row goes with the last of its entries. */
  #compact(index: number): void {
    const kept = this.#rows.findIndex(({ last }) => last > index);
    this.#drop(0, kept === -1 ? this.#rows.length : kept);
  }

  /** What is to be written anew of the row in which the log is cut. */
  #cut(from: number): readonly Entry[] {
    const at = this.#rows.findIndex(({ last }) => last >= from);
    const row = this.#rows[at];
    if (row === undefined) return [];
    this.#drop(at, this.#rows.length);
    return this.#log.entries(Math.max(row.first, this.#log.status().firstIndex), from - 1);
  }

  #append(entries: readonly Entry[]): void {
    let from = 0;
    let bytes = 0;
    let at = 0;
    for (const entry of entries) {
      const more = logEntryBytes(entry);
      if (at > from && bytes + more > ROW_BYTES_MAX) {
        this.#putRow(entries.slice(from, at));
        from = at;
        bytes = 0;
      }
      bytes += more;
      at += 1;
    }
    this.#putRow(from === 0 ? entries : entries.slice(from));
  }

  #putRow(entries: readonly Entry[]): void {
    const [first] = entries;
    const last = entries.at(-1);
    if (first === undefined || last === undefined) return;
    this.#rows.push({ first: first.index, last: last.index });
    this.#put(entryKey(this.#group, first.index), encodeLogEntries(entries));
  }

  #drop(from: number, to: number): void {
    for (const { first } of this.#rows.splice(from, to - from)) {
      this.#operations.push({ key: entryKey(this.#group, first), payload: null });
    }
  }

  #put(key: Uint8Array, payload: Uint8Array): void {
    this.#operations.push({ key, payload });
  }
}
