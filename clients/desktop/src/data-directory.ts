// The agent's directory, and everything that lies in it:
//
//   master-key   where the key is that opens this device's own keys: in the keyring, or sealed here
//   last-batch   the number of the newest batch of the store, so that a lost tail shows
//   store/       LevelDB: the engine's rows, and this device's keys sealed under the master key
//   blobs/       contents of files, one file each, named by the engine in hex

import { chmod, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { syncDirectory } from '@rockpool/storage';
import { AgentError } from './agent-errors.ts';
import { DiskFullError, isDiskFull } from './disk-full.ts';

export interface DataDirectory {
  readonly path: string;
  readonly masterKeyFile: string;
  readonly lastBatchFile: string;
  readonly store: string;
  readonly blobs: string;
}

const OWNER_ONLY = 0o700;

/** Makes the directory if it is not there; nobody but its owner may look inside. */
export async function openDataDirectory(location: string): Promise<DataDirectory> {
  const path = resolve(location);
  const directory = {
    path,
    masterKeyFile: join(path, 'master-key'),
    lastBatchFile: join(path, 'last-batch'),
    store: join(path, 'store'),
    blobs: join(path, 'blobs'),
  };
  try {
    const made = await mkdir(path, { recursive: true, mode: OWNER_ONLY });
    // One that was there before, or a wide umask: chmod refuses where it is somebody else's.
    await chmod(path, OWNER_ONLY);
    await mkdir(directory.blobs, { recursive: true, mode: OWNER_ONLY });
    await syncDirectory(path);
    if (made !== undefined) await syncDirectory(dirname(made));
  } catch (error) {
    if (isDiskFull(error)) throw new DiskFullError(path, { cause: error });
    throw new AgentError('AGENT_DIRECTORY_UNUSABLE', path, { cause: error });
  }
  return directory;
}
