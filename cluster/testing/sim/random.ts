// Seeded randomness as a tree: each component draws from a branch of its own, so that one more draw
// in one place does not shift every other. sfc32 (C. Doty-Humphrey, PractRand).

function hashOf(text: string, seed: number): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193) >>> 0;
  }
  return hash;
}

export class Random {
  readonly #seed: number;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    this.#seed = seed >>> 0;
    this.#a = hashOf('a', seed);
    this.#b = hashOf('b', seed);
    this.#c = hashOf('c', seed);
    for (let round = 0; round < 12; round += 1) this.next();
  }

  fork(label: string): Random {
    return new Random(hashOf(label, this.#seed));
  }

  /** 32 random bits. */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) >>> 0;
    return sum;
  }

  /** From 0 to below 1. */
  unit(): number {
    return this.next() / 0x1_0000_0000;
  }

  chance(probability: number): boolean {
    return this.unit() < probability;
  }

  /** Both ends included. */
  between(min: number, max: number): number {
    return min + (this.next() % (max - min + 1));
  }

  /** A number in [min, max), for rates. */
  rate(min: number, max: number): number {
    return min + this.unit() * (max - min);
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.unit());
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.next() % from.length];
    if (picked === undefined) throw new Error('there is nothing to pick from');
    return picked;
  }

  shuffled<T>(from: readonly T[]): T[] {
    const keyed = from.map((value) => ({ value, key: this.next() }));
    return keyed.sort((x, y) => x.key - y.key).map(({ value }) => value);
  }
}
