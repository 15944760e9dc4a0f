// What a node has on its disk, opened in the order in which it needs it: room first, then the database, then the number
// of its newest batch.

import { type KeyValueStore, LastBatch } from '@rockpool/storage';
import { NodeError } from '../node-error.ts';
import type { StartOptions } from '../options.ts';
import { openNodeStore } from '../store/node-store.ts';
import { FileSpace } from './disk-space.ts';
import { DiskWatch } from './disk-watch.ts';
import { lastBatchLocation, storeLocation } from './node-files.ts';

export interface OnDisk {
  readonly database: KeyValueStore;
  readonly last: LastBatch;
  /** Only where the disk is to be watched. */
  readonly disk?: DiskWatch;
}

/** Rejects with NodeError, and then holds nothing open. */
export async function openOnDisk({
  dataDir,
  disk: limits,
}: Pick<StartOptions, 'dataDir' | 'disk'>): Promise<OnDisk> {
  const space = new FileSpace(dataDir, limits?.freeBytes);
  const disk = limits === undefined ? {} : { disk: await DiskWatch.open(space, limits) };
  const database = await openNodeStore(storeLocation(dataDir));
  try {
    return { database, last: await openLastBatch(dataDir), ...disk };
  } catch (error) {
    await database.close();
    throw error;
  }
}

/** Not synced: who loses power loses the note of what it was still writing at worst (docs/adr/0019). */
async function openLastBatch(dataDir: string): Promise<LastBatch> {
  const path = lastBatchLocation(dataDir);
  return await LastBatch.open(path, { sync: false }).catch((cause: unknown) => {
    throw new NodeError('STORE_OPEN_FAILED', path, { cause });
  });
}
