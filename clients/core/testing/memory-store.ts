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
  readonly #blobs = new Map<string, { buffer: Bytes; length: number }>();
  bytesMax = Number.POSITIVE_INFINITY;

  async write(name: string, offset: number, data: Bytes): Promise<void> {
    const end = offset + data.length;
    if (end > this.bytesMax) {
      throw Object.assign(new Error('full'), { name: 'QuotaExceededError' });
    }
    const blob = this.#blobs.get(name) ?? { buffer: new Uint8Array(0), length: 0 };
    this.#blobs.set(name, blob);
    if (blob.buffer.length < end) {
      const longer = new Uint8Array(Math.max(end, blob.buffer.length * 2));
      longer.set(blob.buffer);
      blob.buffer = longer;
    }
    blob.buffer.set(data, offset);
    blob.length = Math.max(blob.length, end);
  }

  async read(name: string, offset: number, length: number): Promise<Bytes> {
    const blob = this.#blobs.get(name);
    return blob === undefined
      ? new Uint8Array(0)
      : blob.buffer.slice(offset, Math.min(blob.length, offset + length));
  }

  /** What the platform says is left; undefined: it does not say. */
  roomBytes: number | undefined;

  async room(): Promise<number | undefined> {
    return this.roomBytes;
  }

  /** Names in the order in which they were made durable. */
  readonly flushed: string[] = [];

  async flush(name: string): Promise<void> {
    this.flushed.push(name);
  }

  async size(name: string): Promise<number | undefined> {
    return this.#blobs.get(name)?.length;
  }

  async remove(name: string): Promise<void> {
    this.#blobs.delete(name);
  }
}
