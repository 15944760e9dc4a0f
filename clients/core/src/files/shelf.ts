// All files that this device knows of, by root and size. A root does not say how long its file is,
// and an offer is only a member's word: offers of one root with different sizes are different files
// here, so that a false one never takes the place of a true one, nor of what is held of it.

import { type Bytes, toHex } from '@rockpool/protocol';
import { AUTO_FETCH_BYTES_MAX, ROOM_KEPT_BYTES, SIZES_PER_ROOT_MAX } from '../limits.ts';
import type { Platform } from '../ports.ts';
import { fileId, SharedFile } from './shared-file.ts';
import { type Shelved, shelve } from './shelved.ts';

export class Shelf {
  readonly #platform: Platform;
  readonly #files = new Map<string, Shelved>();
  readonly #byRoot = new Map<string, Shelved[]>();
  readonly #opening = new Map<string, Promise<Shelved | undefined>>();

  constructor(platform: Platform) {
    this.#platform = platform;
  }

  get(id: string): Shelved | undefined {
    return this.#files.get(id);
  }

  all(): Iterable<Shelved> {
    return this.#files.values();
  }

  ofRoot(root: Bytes): readonly Shelved[] {
    return this.#byRoot.get(toHex(root)) ?? [];
  }

  put(file: SharedFile): Shelved {
    const shelved = shelve(file, this.#platform.clock.nowMs());
    const root = toHex(file.root);
    const others = this.ofRoot(file.root).filter((other) => other.file.id !== file.id);
    this.#files.set(file.id, shelved);
    this.#byRoot.set(root, [...others, shelved]);
    return shelved;
  }

  /** The file as it was left, or a new one. Undefined: too many sizes are claimed for this root. */
  open(root: Bytes, size: number): Promise<Shelved | undefined> {
    const id = fileId(root, size);
    const known = this.#files.get(id);
    if (known !== undefined) return Promise.resolve(known);
    let opening = this.#opening.get(id);
    if (opening === undefined) {
      opening = this.#read(root, size).finally(() => this.#opening.delete(id));
      this.#opening.set(id, opening);
    }
    return opening;
  }

  /**
   * Is there anything to open before somebody asks for the file? What would not come by itself, and
   * of which nothing is held, would only take memory: an offer of a terabyte costs its author nothing.
   */
  async isOfUse(root: Bytes, size: number): Promise<boolean> {
    if (size <= AUTO_FETCH_BYTES_MAX || this.#files.has(fileId(root, size))) return true;
    return SharedFile.isKept(this.#platform.store, root, size);
  }

  /** May it come without being asked for, with all that is on its way already? */
  async hasRoomFor(size: number): Promise<boolean> {
    const room = await this.#platform.blobs.room();
    if (room === undefined) return true;
    let promised = size;
    for (const { file } of this.#files.values()) {
      if (file.wanted && !file.complete) promised += file.size - file.bytesHeld;
    }
    return room - promised >= ROOM_KEPT_BYTES;
  }

  async #read(root: Bytes, size: number): Promise<Shelved | undefined> {
    const file = await SharedFile.open(this.#platform, root, size);
    const known = this.#files.get(file.id);
    if (known !== undefined) return known;
    const full = this.ofRoot(root).length >= SIZES_PER_ROOT_MAX;
    return full && file.held.count === 0 ? undefined : this.put(file);
  }
}
