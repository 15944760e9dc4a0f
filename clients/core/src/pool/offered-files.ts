// The files that entries of one pool offer. Several entries may offer the same one.

import type { Bytes } from '@rockpool/protocol';
import { fileId } from '../files/shared-file.ts';

export interface OfferedFile {
  readonly id: string;
  readonly root: Bytes;
  readonly size: number;
  /** Ids of entries. */
  readonly entries: Set<string>;
}

export class OfferedFiles {
  readonly #files = new Map<string, OfferedFile>();

  add(entryId: string, root: Bytes, size: number): OfferedFile {
    const id = fileId(root, size);
    const file = this.#files.get(id) ?? { id, root, size, entries: new Set<string>() };
    file.entries.add(entryId);
    this.#files.set(id, file);
    return file;
  }

  get(id: string): OfferedFile | undefined {
    return this.#files.get(id);
  }

  ofEntry(entryId: string): OfferedFile | undefined {
    for (const file of this.#files.values()) if (file.entries.has(entryId)) return file;
    return undefined;
  }

  forget(entryId: string): void {
    this.ofEntry(entryId)?.entries.delete(entryId);
  }
}
