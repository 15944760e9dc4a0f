// The file beside a store that says which batch is its newest, as a simulated machine has it: what was written outlives
// a process, and a loss of power only once it was synced.

import type { BatchPlaces } from '@rockpool/storage';

type Places = readonly [number, number];

export class SimNote implements BatchPlaces {
  #written: Places = [0, 0];
  #synced: Places = [0, 0];

  get newest(): number {
    return Math.max(...this.#written);
  }

  async read(): Promise<Places> {
    return this.#written;
  }

  write(place: 0 | 1, batch: number): void {
    const [first, second] = this.#written;
    this.#written = place === 0 ? [batch, second] : [first, batch];
  }

  async sync(): Promise<void> {
    this.#synced = this.#written;
  }

  async close(): Promise<void> {}

  /** Of what the kernel had not written yet nothing is left. */
  losePower(): void {
    this.#written = this.#synced;
  }

  backup(): Places {
    return this.#written;
  }

  restore(places: Places): void {
    this.#written = places;
    this.#synced = places;
  }
}
