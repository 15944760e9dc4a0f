// What came in since the last look: messages, files, people. Told once each, in the order of the pool.

import type { ClientView, Entry, FileEntry, Id, PoolView } from '@rockpool/client-core';

export type News =
  | { readonly kind: 'entry'; readonly pool: PoolView; readonly entry: Entry }
  /** A file that was on its way is whole here. */
  | { readonly kind: 'received'; readonly pool: PoolView; readonly entry: FileEntry };

interface Seen {
  entries: readonly Entry[];
  /** Entries that were told of; false: a file that is not whole here yet. */
  readonly told: Map<Id, boolean>;
}

export class EntryReport {
  readonly #pools = new Map<Id, Seen>();
  readonly #sinceMs: number;

  /** Entries of before that moment are history: known, not news. */
  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs;
  }

  /** What the stored view shows already is no news. */
  skip(view: ClientView): void {
    this.take(view);
  }

  take({ pools, me }: ClientView): readonly News[] {
    return pools.flatMap((pool) => this.#takePool(pool, me?.deviceId));
  }

  #takePool(pool: PoolView, self: Id | undefined): readonly News[] {
    const seen = this.#pools.get(pool.id) ?? { entries: [], told: new Map<Id, boolean>() };
    this.#pools.set(pool.id, seen);
    if (seen.entries === pool.entries) return [];
    seen.entries = pool.entries;
    const news: News[] = [];
    for (const entry of pool.entries) {
      const before = seen.told.get(entry.id);
      if (before === true) continue;
      const whole = entry.kind !== 'file' || entry.transfer.state === 'complete';
      const ours = entry.kind === 'joined' ? entry.mine : entry.deviceId === self;
      const foreign = !ours && entry.timeMs >= this.#sinceMs;
      seen.told.set(entry.id, whole);
      if (!foreign) continue;
      if (before === undefined) news.push({ kind: 'entry', pool, entry });
      if (whole && entry.kind === 'file') news.push({ kind: 'received', pool, entry });
    }
    return news;
  }
}
