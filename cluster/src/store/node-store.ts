// The database of a node, whose failures carry the node's own codes and remedies.

import { type KeyValueStore, openLevelStore } from '@rockpool/storage';
import { storeFailure } from '../node-error.ts';

/** Opens or creates the database. Rejects with STORE_IN_USE or STORE_OPEN_FAILED. */
export function openNodeStore(location: string): Promise<KeyValueStore> {
  return openLevelStore(location, storeFailure);
}
