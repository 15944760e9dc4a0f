// How many other devices are known to hold each record, from the vectors they told. Kept across
// reloads, because what somebody stored they keep.

import {
  array,
  type Bytes,
  decodeCbor,
  encodeCbor,
  fromHex,
  toHex,
  VECTOR_ENTRIES_MAX,
  type VectorEntry,
  vectorEntryShape,
} from '@rockpool/protocol';
import { RECORD_LOGS_MAX } from '../limits.ts';
import { logKeyOf } from '../messages/device-log.ts';
import type { Platform } from '../ports.ts';
import { rowKeys } from '../store/row-keys.ts';
import type { RowWriter } from '../store/row-writer.ts';

const SAVE_DELAY_MS = 2_000;
const ROW_BYTES_MAX = 128 * 1024;
const rowShape = array(vectorEntryShape, VECTOR_ENTRIES_MAX);

export class Holders {
  readonly #platform: Platform;
  readonly #writer: RowWriter;
  readonly #pool: Bytes;
  readonly #self: string;
  /** Per device the entries by log key. */
  readonly #vectors = new Map<string, Map<string, VectorEntry>>();
  readonly #unsaved = new Set<string>();
  #cancelSave: (() => void) | undefined;

  constructor(platform: Platform, writer: RowWriter, pool: Bytes, self: Bytes) {
    this.#platform = platform;
    this.#writer = writer;
    this.#pool = pool;
    this.#self = toHex(self);
  }

  async load(): Promise<void> {
    const prefix = rowKeys.vectors(this.#pool);
    for (const [key, row] of await this.#platform.store.list(prefix)) {
      const decoded = decodeCbor(row, rowShape, ROW_BYTES_MAX);
      const device = key.slice(prefix.length);
      if (!decoded.ok || device === this.#self) continue;
      const entries = decoded.value.map((entry) => [logKeyOf(entry[0], entry[1]), entry] as const);
      this.#vectors.set(device, new Map(entries));
    }
  }

  /** Calls back with the seqs [from, to) of each log that this device is newly known to hold. */
  held(
    device: string,
    entries: readonly VectorEntry[],
    onGain: (logKey: string, from: number, to: number) => void,
  ): void {
    if (device === this.#self) return;
    const known = this.#vectors.get(device) ?? new Map<string, VectorEntry>();
    this.#vectors.set(device, known);
    for (const entry of entries) {
      const key = logKeyOf(entry[0], entry[1]);
      const before = known.get(key)?.[2] ?? 0;
      if (entry[2] <= before || (before === 0 && known.size >= RECORD_LOGS_MAX)) continue;
      known.set(key, entry);
      this.#unsaved.add(device);
      onGain(key, before, entry[2]);
    }
    if (this.#unsaved.size > 0) this.#saveSoon();
  }

  /** Other devices that hold the record; its author's device does in any case. */
  count(logKey: string, seq: number): number {
    const author = logKey.slice(0, logKey.indexOf('/'));
    let count = author === this.#self ? 0 : 1;
    for (const [device, known] of this.#vectors) {
      if (device !== author && (known.get(logKey)?.[2] ?? 0) > seq) count++;
    }
    return count;
  }

  #saveSoon(): void {
    this.#cancelSave ??= this.#platform.clock.after(SAVE_DELAY_MS, () => this.save());
  }

  save(): void {
    this.#cancelSave = undefined;
    for (const device of this.#unsaved) {
      const entries = [...(this.#vectors.get(device)?.values() ?? [])];
      const key = rowKeys.vector(this.#pool, fromHex(device) ?? new Uint8Array(0));
      this.#writer.put(key, encodeCbor(entries.slice(0, VECTOR_ENTRIES_MAX))).catch(() => {});
    }
    this.#unsaved.clear();
  }
}
