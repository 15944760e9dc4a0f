import type { Database } from './database.ts';

/** Keeps CryptoKey pairs; the private halves are not extractable and never become bytes here. */
export function browserKeyStore(database: Database) {
  return {
    get: (name: string) => database.get('keys', name),
    put: async (name: string, pair: CryptoKeyPair) => {
      await database.put('keys', pair, name);
    },
    delete: (name: string) => database.delete('keys', name),
  };
}
