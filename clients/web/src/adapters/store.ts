import type { StorePort } from '@rockpool/client-core';
import type { Database } from './database.ts';

/** Greater than every key that starts with a prefix: keys are ASCII. */
const AFTER_ALL = '\uffff';

export function browserStore(database: Database): StorePort {
  return {
    get: (key) => database.get('rows', key),
    async write(rows) {
      const transaction = database.transaction('rows', 'readwrite', { durability: 'strict' });
      for (const [key, value] of rows) {
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
