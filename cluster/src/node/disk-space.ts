// The room on a node's disk, and the ballast: a file in its data directory that only takes some of it.

import { open, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';

const BALLAST_STEP_BYTES = 1_048_576;

export interface DiskSpace {
  freeBytes(): Promise<number>;
  /** False where there is no room for it. */
  takeBallast(bytes: number): Promise<boolean>;
  giveBallast(): Promise<void>;
}

export class FileSpace implements DiskSpace {
  readonly #dataDir: string;
  readonly #freeBytes: (path: string) => Promise<number>;

  constructor(dataDir: string, freeBytes = freeBytesAt) {
    this.#dataDir = dataDir;
    this.#freeBytes = freeBytes;
  }

  freeBytes(): Promise<number> {
    return this.#freeBytes(this.#dataDir);
  }

  /** Written and not only made long: a file with holes takes no space. */
  async takeBallast(bytes: number): Promise<boolean> {
    if (bytes === 0) {
      await this.giveBallast();
      return true;
    }
    const size = await stat(this.#ballast).then(
      (found) => found.size,
      () => -1,
    );
    if (size === bytes) return true;
    try {
      const file = await open(this.#ballast, 'w', 0o600);
      try {
        for (let at = 0; at < bytes; at += BALLAST_STEP_BYTES) {
          await file.writeFile(new Uint8Array(Math.min(BALLAST_STEP_BYTES, bytes - at)));
        }
        await file.sync();
      } finally {
        await file.close();
      }
      return true;
    } catch {
      // A node without it works: it only has less to give away.
      await this.giveBallast();
      return false;
    }
  }

  async giveBallast(): Promise<void> {
    await rm(this.#ballast, { force: true });
  }

  get #ballast(): string {
    return join(this.#dataDir, 'ballast');
  }
}

async function freeBytesAt(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}
