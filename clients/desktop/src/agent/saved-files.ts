// Which files commands have saved, so that `receive` gives each one once. Kept beside the engine's
// rows, under a prefix of their own.

import type { Id, StorePort } from '@rockpool/client-core';

const PREFIX = 'agent/saved/';
const SAVED = new Uint8Array([1]);

export class SavedFiles {
  readonly #store: StorePort;
  readonly #saved = new Set<string>();
  /** Handed to a command that has not said yet that it is saved. */
  readonly #lent = new Set<string>();

  private constructor(store: StorePort) {
    this.#store = store;
  }

  static async load(store: StorePort): Promise<SavedFiles> {
    const files = new SavedFiles(store);
    for (const [key] of await store.list(PREFIX)) files.#saved.add(key.slice(PREFIX.length));
    return files;
  }

  isFree(pool: Id, entry: Id): boolean {
    const key = `${pool}/${entry}`;
    return !this.#saved.has(key) && !this.#lent.has(key);
  }

  /** No other command gets it until it is saved or given back. */
  lend(pool: Id, entry: Id): void {
    this.#lent.add(`${pool}/${entry}`);
  }

  giveBack(pool: Id, entry: Id): void {
    this.#lent.delete(`${pool}/${entry}`);
  }

  async keep(pool: Id, entry: Id): Promise<void> {
    const key = `${pool}/${entry}`;
    await this.#store.write([[`${PREFIX}${key}`, SAVED]]);
    this.#saved.add(key);
    this.#lent.delete(key);
  }
}
