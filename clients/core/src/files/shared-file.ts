// One file as this device holds it, wholly or in part, and the rows in which that survives a closed
// tab. A bit is set only after its block was verified and written.

import {
  array,
  BLOCK_BYTES,
  type Bytes,
  blockCount,
  blockLength,
  bytes,
  bytesUpTo,
  decodeCbor,
  encodeCbor,
  FILE_BYTES_MAX,
  fromHex,
  map,
  oneOf,
  text,
  toHex,
  uint,
} from '@rockpool/protocol';
import type { BlobPort, Platform, StorePort } from '../ports.ts';
import { rowKeys } from '../store/row-keys.ts';
import type { RowWriter } from '../store/row-writer.ts';
import { Bitfield } from './bitfield.ts';
import { HashTree, joinLeaves, splitLeaves } from './hash-tree.ts';

const USERS_KEPT_MAX = 32;
const POOLS_KEPT_MAX = 64;
const flag = oneOf(0, 1);
const rowShape = map({
  v: oneOf(1),
  size: uint(FILE_BYTES_MAX),
  blob: text(64),
  bits: bytesUpTo(FILE_BYTES_MAX / BLOCK_BYTES / 8),
  /** Users it came from. */
  users: array(bytes(32), USERS_KEPT_MAX),
  /** Pools whose devices are served. */
  pools: array(bytes(32), POOLS_KEPT_MAX),
  parts: uint(),
  wanted: flag,
  throughServer: uint(),
});
const ROW_BYTES_MAX = 1024 * 1024;

/** A root does not say how long its file is, and who offers one may say what they like. */
export function fileId(root: Bytes, size: number): string {
  return `${toHex(root)}/${size}`;
}

export class SharedFile {
  readonly root: Bytes;
  readonly id: string;
  readonly size: number;
  readonly blocks: number;
  readonly blob: string;
  readonly held: Bitfield;
  tree: HashTree | undefined;
  wanted = false;
  bytesThroughServer = 0;
  /** Users (hex) it came from or went to. */
  readonly users = new Set<string>();
  /**
   * Pools (hex) whose devices this one serves: where it offered the file itself, or got verified
   * blocks of it. That somebody offers the same root in another pool shows nobody there anything.
   */
  readonly served = new Set<string>();
  #parts = 0;

  constructor(root: Bytes, size: number, blob: string) {
    this.root = root;
    this.id = fileId(root, size);
    this.size = size;
    this.blob = blob;
    this.blocks = blockCount(size);
    this.held = new Bitfield(this.blocks);
  }

  get complete(): boolean {
    return this.held.full;
  }

  get bytesHeld(): number {
    const last = this.blocks - 1;
    if (last < 0 || !this.held.has(last)) return this.held.count * BLOCK_BYTES;
    return (this.held.count - 1) * BLOCK_BYTES + blockLength(this.size, last);
  }

  /** Writes what changed since the last time. No bit is durable before its block. */
  async save(writer: RowWriter, blobs: BlobPort): Promise<void> {
    const row = this.#row();
    await blobs.flush(this.blob);
    const part = this.complete ? undefined : this.tree?.takeUnsaved();
    const writes: Promise<void>[] = [];
    if (part !== undefined && part.length > 0) {
      writes.push(writer.put(rowKeys.treePart(this.id, this.#parts++), part));
    }
    writes.push(writer.put(rowKeys.file(this.id), row));
    try {
      await Promise.all(writes);
    } catch (cause) {
      if (part !== undefined) this.tree?.notSaved(part);
      throw cause;
    }
  }

  /** Everything is here: the leaves take the place of the nodes that proofs taught. */
  async saveComplete(writer: RowWriter, blobs: BlobPort): Promise<void> {
    const { tree } = this;
    const leaves = Array.from({ length: this.blocks }, (_, i) => tree?.leaf(i));
    const known = leaves.filter((leaf) => leaf !== undefined);
    if (known.length !== this.blocks) throw new Error('a complete file knows all its leaves');
    await blobs.flush(this.blob);
    const writes = [writer.put(rowKeys.leaves(this.id), joinLeaves(known))];
    for (let part = 0; part < this.#parts; part++) {
      writes.push(writer.put(rowKeys.treePart(this.id, part), undefined));
    }
    this.#parts = 0;
    writes.push(writer.put(rowKeys.file(this.id), this.#row()));
    await Promise.all(writes);
    this.tree = HashTree.fromLeaves(known, this.root);
  }

  /** The tree with which blocks are proven to others. */
  async provingTree(store: StorePort): Promise<HashTree | undefined> {
    if (this.tree !== undefined || !this.complete) return this.tree;
    const row = await store.get(rowKeys.leaves(this.id));
    if (row === undefined || row.length !== this.blocks * 32) return undefined;
    this.tree ??= HashTree.fromLeaves(splitLeaves(row), this.root);
    return this.tree;
  }

  #row(): Bytes {
    return encodeCbor({
      v: 1,
      size: this.size,
      blob: this.blob,
      bits: this.held.bits,
      users: [...this.users]
        .slice(0, USERS_KEPT_MAX)
        .flatMap((id) => [fromHex(id) ?? new Uint8Array(32)]),
      pools: [...this.served]
        .slice(0, POOLS_KEPT_MAX)
        .flatMap((id) => [fromHex(id) ?? new Uint8Array(32)]),
      parts: this.#parts,
      wanted: this.wanted ? 1 : 0,
      throughServer: this.bytesThroughServer,
    });
  }

  /** Was anything of it kept by an earlier run? */
  static async isKept(store: StorePort, root: Bytes, size: number): Promise<boolean> {
    return (await store.get(rowKeys.file(fileId(root, size)))) !== undefined;
  }

  /** The file as it was left, or a new one of which nothing is held. */
  static async open(platform: Platform, root: Bytes, size: number): Promise<SharedFile> {
    const id = fileId(root, size);
    const row = await platform.store.get(rowKeys.file(id));
    const decoded = row && decodeCbor(row, rowShape, ROW_BYTES_MAX);
    const kept = decoded?.ok && decoded.value.size === size ? decoded.value : undefined;
    const blob = kept?.blob ?? toHex(platform.random.bytes(16));
    const file = new SharedFile(root, size, blob);
    const there =
      kept !== undefined && (size === 0 || (await platform.blobs.size(blob)) !== undefined);
    if (kept !== undefined && there) {
      file.held.merge(0, kept.bits);
      for (const user of kept.users) file.users.add(toHex(user));
      for (const pool of kept.pools) file.served.add(toHex(pool));
      file.#parts = kept.parts;
      file.wanted = kept.wanted === 1;
      file.bytesThroughServer = kept.throughServer;
    }
    if (!file.complete) {
      file.tree = new HashTree(file.blocks, root);
      for (const [, part] of await platform.store.list(rowKeys.treeParts(id))) {
        file.tree.restore(part);
      }
    }
    return file;
  }
}
