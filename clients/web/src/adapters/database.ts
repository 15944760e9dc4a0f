// The one IndexedDB of this origin: rows of the engine's store, and this device's keys as
// CryptoKey objects whose private halves script cannot export.

import { type DBSchema, type IDBPDatabase, openDB } from 'idb';

interface Schema extends DBSchema {
  rows: { key: string; value: Uint8Array };
  keys: { key: string; value: CryptoKeyPair };
}

export type Database = IDBPDatabase<Schema>;

export function openDatabase(): Promise<Database> {
  return openDB<Schema>('rockpool', 1, {
    upgrade(database) {
      database.createObjectStore('rows');
      database.createObjectStore('keys');
    },
    // Another tab wants a newer version: let go, so that it is not blocked for ever.
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close();
    },
  });
}
