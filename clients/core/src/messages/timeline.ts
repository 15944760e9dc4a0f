// The entries of one pool in the order everybody sees: by hybrid time, then device, then seq. Kept
// sorted as records come, so that showing thousands costs nothing per new one.

import type { Entry } from '../view.ts';
import type { HybridTime } from './hybrid-clock.ts';

export interface TimelineKey extends HybridTime {
  readonly device: string;
  readonly seq: number;
}

export interface TimelineCell {
  readonly key: TimelineKey;
  entry: Entry;
}

export class Timeline {
  readonly #cells: TimelineCell[] = [];
  readonly #byId = new Map<string, TimelineCell>();
  #snapshot: readonly Entry[] | undefined = [];

  insert(key: TimelineKey, entry: Entry): TimelineCell {
    const cell = { key, entry };
    this.#cells.splice(this.#place(key), 0, cell);
    this.#byId.set(entry.id, cell);
    this.#snapshot = undefined;
    return cell;
  }

  remove(id: string): void {
    const cell = this.#byId.get(id);
    if (cell === undefined) return;
    this.#byId.delete(id);
    this.#cells.splice(this.#cells.indexOf(cell), 1);
    this.#snapshot = undefined;
  }

  find(id: string): Entry | undefined {
    return this.#byId.get(id)?.entry;
  }

  update(id: string, change: (entry: Entry) => Entry): boolean {
    const cell = this.#byId.get(id);
    if (cell === undefined) return false;
    const next = change(cell.entry);
    if (next === cell.entry) return false;
    cell.entry = next;
    this.#snapshot = undefined;
    return true;
  }

  updateAll(change: (entry: Entry) => Entry): void {
    for (const id of this.#byId.keys()) this.update(id, change);
  }

  /** The same array until something changes. */
  entries(): readonly Entry[] {
    this.#snapshot ??= this.#cells.map((cell) => cell.entry);
    return this.#snapshot;
  }

  /** Where the key belongs; most new entries belong at the end. */
  #place(key: TimelineKey): number {
    let low = 0;
    let high = this.#cells.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const cell = this.#cells[middle];
      if (cell !== undefined && compareKeys(cell.key, key) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export function compareKeys(a: TimelineKey, b: TimelineKey): number {
  if (a.ms !== b.ms) return a.ms - b.ms;
  if (a.counter !== b.counter) return a.counter - b.counter;
  if (a.device !== b.device) return a.device < b.device ? -1 : 1;
  return a.seq - b.seq;
}
