// Randomised election timeouts (thesis 3.4) from a seed, so that equal inputs give equal outputs.

import { assert } from './assert.ts';

/** Draws timeouts from [electionTicks, 2 * electionTicks). */
export class ElectionTimeout {
  readonly #electionTicks: number;
  #state: number;

  constructor(electionTicks: number, seed: number) {
    assert(Number.isSafeInteger(electionTicks) && electionTicks >= 2, 'electionTicks is too small');
    this.#electionTicks = electionTicks;
    // Neighbouring seeds must not give neighbouring draws; zero would be a fixed point of xorshift.
    this.#state = Math.imul((seed ^ 0x5bd1e995) >>> 0, 0x9e3779b1) >>> 0 || 0x6d2b79f5;
    for (let round = 0; round < 8; round += 1) this.#advance();
  }

  draw(): number {
    return this.#electionTicks + (this.#advance() % this.#electionTicks);
  }

  /** xorshift32 (Marsaglia 2003). */
  #advance(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }
}
