// Backups that the other thread reads: piece by piece, as it asks for them.

import type { Bytes, Cluster } from '../ports.ts';

export class OpenBackups {
  readonly #cluster: Cluster;
  readonly #open = new Map<number, AsyncGenerator<Bytes>>();
  #opened = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async open(): Promise<number> {
    const bytes = await this.#cluster.backup();
    this.#opened += 1;
    this.#open.set(this.#opened, bytes);
    return this.#opened;
  }

  async read(backup: number): Promise<Bytes | undefined> {
    const next = await this.#open.get(backup)?.next();
    if (next?.done === false) return next.value;
    this.#open.delete(backup);
    return undefined;
  }

  async close(backup: number): Promise<void> {
    const bytes = this.#open.get(backup);
    this.#open.delete(backup);
    await bytes?.return(undefined);
  }
}
