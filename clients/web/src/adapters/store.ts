import type { StorePort } from '@rockpool/client-core';
import type { Database } from './database.ts';

/** Greater than every key that starts with a prefix: keys are ASCII. */
const AFTER_ALL = '\uffff';
/** Names the tab that may write. No key of the engine's begins with a capital letter. */
const OWNER = 'OWNER';

/**
 * The store, from now on this tab's own: a tab that had it before and has not noticed yet writes no
 * more. Every batch looks at the owner in its own transaction, so nothing slips in between.
 */
export async function ownStore(database: Database, owner: Uint8Array): Promise<StorePort> {
  await database.put('rows', owner, OWNER);
  return {
    get: (key) => database.get('rows', key),
    async write(rows) {
      // Looking at the owner takes a turn, and by then the caller may have changed its bytes.
      const own = rows.map(([key, value]) => [key, value?.slice()] as const);
      const transaction = database.transaction('rows', 'readwrite', { durability: 'strict' });
      const holder = await transaction.store.get(OWNER);
      if (holder === undefined || String(holder) !== String(owner)) {
        transaction.done.catch(() => {});
        transaction.abort();
        throw new Error('another tab has taken over');
      }
      for (const [key, value] of own) {
        // Each failure also fails `done`, which is what is awaited.
        if (value === undefined) transaction.store.delete(key).catch(() => {});
        else transaction.store.put(value, key).catch(() => {});
      }
      await transaction.done;
    },
    async list(prefix) {
      const range = IDBKeyRange.bound(prefix, prefix + AFTER_ALL);
      const transaction = database.transaction('rows', 'readonly');
      const [keys, values] = await Promise.all([
        transaction.store.getAllKeys(range),
        transaction.store.getAll(range),
      ]);
      return keys.map((key, i) => [key, values[i] ?? new Uint8Array(0)] as const);
    },
  };
}
