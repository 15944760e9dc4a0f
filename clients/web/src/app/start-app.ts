// The composition root: the one place where the engine meets this browser.

import {
  createDeviceKeys,
  createRockpool,
  createWebCrypto,
  type Platform,
} from '@rockpool/client-core';
import { browserBlobs } from '../adapters/blobs.ts';
import { browserClock, browserRandom } from '../adapters/clock.ts';
import { openDatabase } from '../adapters/database.ts';
import { keepStorage } from '../adapters/keep-storage.ts';
import { browserKeyStore } from '../adapters/key-store.ts';
import { browserNetwork } from '../adapters/network.ts';
import { browserPasskeys } from '../adapters/passkeys.ts';
import { browserPeers } from '../adapters/peer-connections.ts';
import { browserSockets } from '../adapters/sockets.ts';
import { ownStore } from '../adapters/store.ts';
import type { AppServices } from './rockpool-context.ts';

export interface RunningApp {
  readonly services: AppServices;
  stop(): Promise<void>;
}

/** Rejects where this browser gives a page no storage at all; see passkeys.ts for the words. */
export async function startApp(): Promise<RunningApp> {
  const database = await openDatabase();
  const store = await ownStore(database, crypto.getRandomValues(new Uint8Array(16)));
  const blobs = browserBlobs();
  const { subtle } = crypto;
  const platform: Platform = {
    clock: browserClock,
    random: browserRandom,
    sockets: browserSockets,
    peers: browserPeers,
    network: browserNetwork,
    store,
    blobs,
    keys: createDeviceKeys(subtle, browserKeyStore(database)),
    crypto: createWebCrypto(subtle),
    passkeys: browserPasskeys,
    deviceKind: matchMedia('(pointer: coarse) and (max-width: 767px)').matches
      ? 'phone'
      : 'browser',
    arrivalFragment: location.hash.slice(1),
    clearArrival: () => history.replaceState(null, '', location.pathname),
  };
  const rockpool = createRockpool(platform);
  // A link pasted into this tab changes only the fragment: arrive by it as by any other.
  addEventListener('hashchange', () => {
    if (location.hash.length > 1) location.reload();
  });
  keepStorage(rockpool, navigator.storage);
  return {
    services: { rockpool, blobs },
    // The worker's open files are locked against other tabs until it ends.
    stop: () => rockpool.stop().finally(() => blobs.close()),
  };
}
