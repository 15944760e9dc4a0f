// Entries of others that came while the pool was not on screen; kept across reloads.

import { decodeCbor, encodeCbor, map, oneOf, type Ref, uint } from '@rockpool/protocol';
import type { Platform } from '../ports.ts';
import { rowKeys } from '../store/row-keys.ts';
import type { RowWriter } from '../store/row-writer.ts';

const rowShape = map({ v: oneOf(1), unread: uint() });
const ROW_BYTES_MAX = 256;
const SAVE_DELAY_MS = 300;

export class UnreadCount {
  count = 0;
  readonly #platform: Platform;
  readonly #writer: RowWriter;
  readonly #ref: Ref;
  #onScreen = false;
  #saving = false;

  constructor(platform: Platform, writer: RowWriter, ref: Ref) {
    this.#platform = platform;
    this.#writer = writer;
    this.#ref = ref;
  }

  async load(): Promise<void> {
    const row = await this.#platform.store.get(rowKeys.pool(this.#ref[1]));
    const decoded = row && decodeCbor(row, rowShape, ROW_BYTES_MAX);
    if (decoded?.ok) this.count = decoded.value.unread;
  }

  arrived(): void {
    if (this.#onScreen) return;
    this.count++;
    this.#saveSoon();
  }

  /** True when this changed the count. */
  show(onScreen: boolean): boolean {
    this.#onScreen = onScreen;
    if (!onScreen || this.count === 0) return false;
    this.count = 0;
    this.#saveSoon();
    return true;
  }

  #saveSoon(): void {
    if (this.#saving) return;
    this.#saving = true;
    this.#platform.clock.after(SAVE_DELAY_MS, () => this.save());
  }

  save(): void {
    this.#saving = false;
    const row = encodeCbor({ v: 1, unread: this.count });
    this.#writer.put(rowKeys.pool(this.#ref[1]), row).catch(() => {});
  }
}
