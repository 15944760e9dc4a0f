// What a receiver in Node's memory holds: room made beforehand, filled in the order of arrival, timed from
// the moment it was asked for. Its hash is taken afterwards.
import { createHash } from 'node:crypto';

export class ArrivingBytes {
  readonly #room: Uint8Array;
  readonly #startedMs: number;
  readonly #whole = Promise.withResolvers<number>();
  #taken = 0;

  constructor(bytes: number) {
    // Touched, so that no page of it is made while the clock runs.
    this.#room = new Uint8Array(bytes).fill(1);
    this.#startedMs = performance.now();
  }

  /** Throws when more comes than was asked for. */
  take(piece: Uint8Array): void {
    this.#room.set(piece, this.#taken);
    this.#taken += piece.length;
    if (this.#taken === this.#room.length) this.#whole.resolve(performance.now() - this.#startedMs);
  }

  /** Milliseconds. */
  get whole(): Promise<number> {
    return this.#whole.promise;
  }

  digest(): string {
    return createHash('sha256').update(this.#room).digest('hex');
  }
}
