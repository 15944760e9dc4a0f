// Keeps files open between uses, but never more than a few: the one not used for longest is closed
// first. What was written to a file is on the disk before it is closed, so that flushing a file that is
// no longer open has nothing to do.

import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from '@rockpool/storage';

/** Files kept open while nobody uses them. */
export const IDLE_FILES_MAX = 64;

const MODE = 0o600;

export type OpenFile = Pick<FileHandle, 'read' | 'write'>;

interface Entry {
  /** Undefined: there is no such file, and it was not to be made. */
  readonly opened: Promise<FileHandle | undefined>;
  users: number;
  dirty: boolean;
}

export class OpenFiles {
  /** In the order of last use. */
  readonly #entries = new Map<string, Entry>();
  /** Files whose bytes the disk did not take when they were closed. */
  readonly #lost = new Map<string, unknown>();
  readonly #closing = new Set<Promise<void>>();
  readonly #running = new Set<Promise<unknown>>();

  /** Runs with the file open. To write makes it if it is not there; to read gives undefined then. */
  async use<T>(
    path: string,
    mode: 'read' | 'write',
    run: (file: OpenFile) => Promise<T>,
  ): Promise<T | undefined> {
    const running = this.#use(path, mode, run);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Resolves once everything written to the file is on the disk. */
  async flush(path: string): Promise<void> {
    const entry = this.#entries.get(path);
    if (entry?.dirty) {
      entry.users += 1;
      entry.dirty = false;
      try {
        await (await entry.opened)?.datasync();
      } catch (error) {
        entry.dirty = true;
        throw error;
      } finally {
        entry.users -= 1;
      }
    }
    await Promise.all(this.#closing);
    const lost = this.#lost.get(path);
    if (lost !== undefined) throw lost;
  }

  /** Closes the file without caring for what was written: it is about to be removed. */
  async forget(path: string): Promise<void> {
    const entry = this.#entries.get(path);
    this.#lost.delete(path);
    if (entry === undefined) return;
    entry.dirty = false;
    this.#entries.delete(path);
    if (entry.users === 0) await this.#shut(path, entry);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
    const open = [...this.#entries];
    this.#entries.clear();
    for (const [path, entry] of open) if (entry.users === 0) void this.#shut(path, entry);
    await Promise.all(this.#closing);
  }

  async #use<T>(
    path: string,
    mode: 'read' | 'write',
    run: (file: OpenFile) => Promise<T>,
  ): Promise<T | undefined> {
    const entry = this.#take(path, mode);
    entry.users += 1;
    try {
      const file = await entry.opened;
      if (file !== undefined) {
        if (mode === 'write') entry.dirty = true;
        return await run(file);
      }
    } finally {
      entry.users -= 1;
      await this.#settle(path, entry);
    }
    // A read that came first found no file; who writes makes one.
    return mode === 'read' ? undefined : this.#use(path, mode, run);
  }

  #take(path: string, mode: 'read' | 'write'): Entry {
    const known = this.#entries.get(path);
    if (known !== undefined) {
      this.#entries.delete(path);
      this.#entries.set(path, known);
      return known;
    }
    const entry: Entry = { opened: openFile(path, mode), users: 0, dirty: false };
    this.#entries.set(path, entry);
    return entry;
  }

  /** After a use: a file that could not be opened is tried anew next time, and too many are too many. */
  async #settle(path: string, entry: Entry): Promise<void> {
    const found = await entry.opened.catch(() => undefined);
    const held = this.#entries.get(path) === entry;
    if (found === undefined) {
      if (held) this.#entries.delete(path);
    } else if (!held && entry.users === 0) {
      await this.#shut(path, entry);
    }
    const idle = [...this.#entries].filter(([, each]) => each.users === 0);
    for (const [oldPath, old] of idle.slice(0, Math.max(0, idle.length - IDLE_FILES_MAX))) {
      this.#entries.delete(oldPath);
      await this.#shut(oldPath, old);
    }
  }

  #shut(path: string, entry: Entry): Promise<void> {
    const shut = closeFile(entry).catch((error: unknown) => {
      this.#lost.set(path, error);
    });
    this.#closing.add(shut);
    return shut.finally(() => this.#closing.delete(shut));
  }
}

async function closeFile(entry: Entry): Promise<void> {
  const found = await entry.opened.catch(() => undefined);
  if (found === undefined) return;
  try {
    if (entry.dirty) await found.datasync();
  } finally {
    await found.close();
  }
}

async function openFile(path: string, mode: 'read' | 'write'): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDWR);
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
  if (mode === 'read') return undefined;
  const file = await open(path, constants.O_RDWR | constants.O_CREAT, MODE);
  await syncDirectory(dirname(path));
  return file;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
