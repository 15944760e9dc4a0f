import type { Bytes } from '@rockpool/protocol';
import type { BlobPort, StorePort } from '../src/ports.ts';

/** Rows in memory. `copy` is what a device would find that was restored from an older state. */
export class MemoryStore implements StorePort {
  readonly rows = new Map<string, Bytes>();

  async get(key: string): Promise<Bytes | undefined> {
    return this.rows.get(key)?.slice();
  }

  async write(rows: readonly (readonly [string, Bytes | undefined])[]): Promise<void> {
    for (const [key, value] of rows) {
      if (value === undefined) this.rows.delete(key);
      else this.rows.set(key, value.slice());
    }
  }

  async list(prefix: string): Promise<readonly (readonly [string, Bytes])[]> {
    return [...this.rows]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => [key, value.slice()] as const);
  }

  copy(): MemoryStore {
    const copy = new MemoryStore();
    for (const [key, value] of this.rows) copy.rows.set(key, value);
    return copy;
  }
}

/** Contents in memory, with a limit that makes writes fail as a full disk does. */
export class MemoryBlobs implements BlobPort {
  readonly blobs = new Map<string, Bytes>();
  bytesMax = Number.POSITIVE_INFINITY;

  async write(name: string, offset: number, data: Bytes): Promise<void> {
    const end = offset + data.length;
    if (end > this.bytesMax) {
      throw Object.assign(new Error('full'), { name: 'QuotaExceededError' });
    }
    let blob = this.blobs.get(name) ?? new Uint8Array(0);
    if (blob.length < end) {
      const longer = new Uint8Array(end);
      longer.set(blob);
      blob = longer;
      this.blobs.set(name, blob);
    }
    blob.set(data, offset);
  }

  async read(name: string, offset: number, length: number): Promise<Bytes> {
    return (this.blobs.get(name) ?? new Uint8Array(0)).slice(offset, offset + length);
  }

  async size(name: string): Promise<number | undefined> {
    return this.blobs.get(name)?.length;
  }

  async remove(name: string): Promise<void> {
    this.blobs.delete(name);
  }
}
