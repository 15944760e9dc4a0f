// What one batch of the core means for the store: entries by their keys, and the small records beside
// them. The rows of a snapshot are in the store already.

import type { Operation } from '@rockpool/storage';
import type { PersistBatch } from '../core/types.ts';
import { encodeHardState, encodeLogBase } from '../format/group-records.ts';
import { encodeLogEntry } from '../format/log-entry.ts';
import { entryKey, KEY_KIND, storeKey } from '../format/store-key.ts';

/** The entries of a group that the store holds; last is first - 1 when there are none. */
export interface StoredEntries {
  readonly first: number;
  readonly last: number;
}

export function logOperations(
  group: number,
  persist: PersistBatch,
  stored: StoredEntries,
): { readonly operations: Operation[]; readonly stored: StoredEntries } {
  const operations: Operation[] = [];
  const put = (key: Uint8Array, payload: Uint8Array) => operations.push({ key, payload });
  const drop = (from: number, to: number) => {
    for (let index = from; index <= to; index += 1) {
      operations.push({ key: entryKey(group, index), payload: null });
    }
  };
  let { first, last } = stored;
  const { snapshot, compactTo, truncateFrom, hardState } = persist;
  if (snapshot !== undefined) {
    drop(first, last);
    first = snapshot.index + 1;
    last = snapshot.index;
    put(storeKey(KEY_KIND.logBase, group), encodeLogBase(snapshot));
    put(storeKey(KEY_KIND.applied, group), encodeLogBase(snapshot));
  }
  if (compactTo !== undefined) {
    drop(first, compactTo.index);
    first = compactTo.index + 1;
    put(storeKey(KEY_KIND.logBase, group), encodeLogBase(compactTo));
  }
  if (truncateFrom !== undefined) drop(truncateFrom, last);
  for (const entry of persist.entries) put(entryKey(group, entry.index), encodeLogEntry(entry));
  last = persist.index;
  if (hardState !== undefined) put(storeKey(KEY_KIND.hardState, group), encodeHardState(hardState));
  return { operations, stored: { first, last } };
}
