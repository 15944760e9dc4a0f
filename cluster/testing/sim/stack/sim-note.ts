// The file beside a store that says which batch is its newest, as a simulated machine has it: what was written outlives
// a process, and a loss of power only once it was synced.

import type { BatchPlaces } from '@rockpool/storage';

type Places = readonly [number, number];

export class SimNote implements BatchPlaces {
  #written: Places = [0, 0];
  #synced: Places = [0, 0];
  #isBehind = false;

  /** Others heard what this disk forgot, and it says so from then on. */
  get isCondemned(): boolean {
    return this.newest === Number.MAX_SAFE_INTEGER;
  }

  get newest(): number {
    return Math.max(...this.#written);
  }

  /** It lost what it said of the newest batches, and has not been written since. */
  get isBehind(): boolean {
    return this.#isBehind;
  }

  async read(): Promise<Places> {
    return this.#written;
  }

  write(place: 0 | 1, batch: number): void {
    const [first, second] = this.#written;
    this.#isBehind = false;
    this.#written = place === 0 ? [batch, second] : [first, batch];
  }

  async sync(): Promise<void> {
    this.#synced = this.#written;
  }

  async close(): Promise<void> {}

  /** Of what the kernel had not written yet nothing is left. */
  losePower(): void {
    const { newest } = this;
    this.#written = this.#synced;
    this.#isBehind ||= this.newest < newest;
  }

  backup(): Places {
    return this.#written;
  }

  restore(places: Places): void {
    this.#written = places;
    this.#synced = places;
    this.#isBehind = false;
  }
}
