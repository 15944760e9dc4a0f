// Contents of files, one file each, written in place. Names come from the engine, which draws or
// computes them in hex; anything else is refused, so that no name ever is a path.

import { rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { BlobPort } from '@rockpool/client-core';
import { DiskFullError, isDiskFull } from '../disk-full.ts';
import { type OpenFile, OpenFiles } from './open-files.ts';

const NAME = /^[0-9a-f]{1,64}$/;

export interface FileBlobs extends BlobPort {
  /** What is being written is finished and flushed; then every file is closed. */
  close(): Promise<void>;
}

/** The part of the file system that decides about room, so that a test can fill the disk. */
export interface DiskRoom {
  freeBytes(path: string): Promise<number>;
  write(file: OpenFile, data: Uint8Array, position: number): Promise<number>;
}

const realDisk: DiskRoom = {
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
  async write(file, data, position) {
    return (await file.write(data, 0, data.length, position)).bytesWritten;
  },
};

export function fileBlobs(directory: string, disk: DiskRoom = realDisk): FileBlobs {
  const files = new OpenFiles();
  const refuse = (error: unknown) => {
    throw isDiskFull(error) ? new DiskFullError(directory, { cause: error }) : error;
  };

  return {
    async write(name, offset, data) {
      const path = pathOf(directory, name);
      await files.use(path, 'write', (file) => writeAll(file, data, offset, disk)).catch(refuse);
    },
    async read(name, offset, length) {
      const read = await files.use(pathOf(directory, name), 'read', async (file) => {
        const data = new Uint8Array(length);
        let done = 0;
        while (done < length) {
          const { bytesRead } = await file.read(data, done, length - done, offset + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return done === length ? data : data.slice(0, done);
      });
      return read ?? new Uint8Array(0);
    },
    async flush(name) {
      await files.flush(pathOf(directory, name)).catch(refuse);
    },
    room: () => disk.freeBytes(directory),
    async size(name) {
      return (await stat(pathOf(directory, name)).catch(ignoreMissing))?.size;
    },
    async remove(name) {
      const path = pathOf(directory, name);
      await files.forget(path);
      await rm(path, { force: true });
    },
    close: () => files.close(),
  };
}

async function writeAll(
  file: OpenFile,
  data: Uint8Array,
  offset: number,
  disk: DiskRoom,
): Promise<void> {
  let done = 0;
  while (done < data.length) done += await disk.write(file, data.subarray(done), offset + done);
}

function pathOf(directory: string, name: string): string {
  if (!NAME.test(name)) throw new RangeError('the name of a blob is 1 to 64 hex digits');
  return join(directory, name);
}

function ignoreMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
