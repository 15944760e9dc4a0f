// Everything the engine needs of a desktop, over one data directory.

import { createDeviceKeys, type Platform } from '@rockpool/client-core';
import { fileBlobs } from './adapters/blobs.ts';
import { systemClock, systemRandom } from './adapters/clock.ts';
import { nodeCrypto, subtle } from './adapters/crypto.ts';
import { sealedKeyStore } from './adapters/key-store.ts';
import { type MasterKeySources, openMasterKey } from './adapters/master-key.ts';
import { nodeNetwork } from './adapters/network.ts';
import { noPasskeys } from './adapters/passkeys.ts';
import { nativePeers } from './adapters/peer-connections.ts';
import { nodeSockets } from './adapters/sockets.ts';
import { openDeviceStore, ROW_KIND } from './adapters/store.ts';
import type { AgentError } from './agent-errors.ts';
import { openDataDirectory } from './data-directory.ts';

export interface DesktopPlatformOptions extends MasterKeySources {
  readonly dataDirectory: string;
  /** The cluster's public origin, as in `https://rockpool.example`. */
  readonly origin: string;
  /** Told once, when the store could not be written: the agent must stop. */
  readonly onStoreFailed: (error: AgentError) => void;
  /** The fragment of an invite link that the agent was started with; empty by default. */
  readonly arrivalFragment?: string;
}

export interface DesktopPlatform {
  readonly platform: Platform;
  /** Connections end, what is being written is finished, and the directory is free. */
  close(): Promise<void>;
}

/** Rejects with AgentError; nothing stays open then. */
export async function openDesktopPlatform(
  options: DesktopPlatformOptions,
): Promise<DesktopPlatform> {
  const sockets = nodeSockets(options.origin);
  const directory = await openDataDirectory(options.dataDirectory);
  const store = await openDeviceStore(directory, options.onStoreFailed);
  try {
    const keyRows = store.rows(ROW_KIND.deviceKey);
    const masterKey = await openMasterKey(directory.masterKeyFile, options);
    const keys = sealedKeyStore(keyRows, masterKey);
    // A key that does not open is told now, and not when something must be signed.
    for (const [name] of await keyRows.list('')) await keys.get(name);
    const blobs = fileBlobs(directory.blobs);
    const peers = nativePeers();
    let arrivalFragment = options.arrivalFragment ?? '';
    return {
      platform: {
        clock: systemClock,
        random: systemRandom,
        sockets,
        peers,
        network: nodeNetwork(systemClock),
        store: store.rows(ROW_KIND.engine),
        blobs,
        keys: createDeviceKeys(subtle, keys, { exportable: true }),
        crypto: nodeCrypto(),
        passkeys: noPasskeys,
        deviceKind: 'desktop',
        get arrivalFragment() {
          return arrivalFragment;
        },
        clearArrival() {
          arrivalFragment = '';
        },
      },
      async close() {
        peers.close();
        await blobs.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}
