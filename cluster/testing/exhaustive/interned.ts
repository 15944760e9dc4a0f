// Equal values under one number, so that a state of the cluster is a handful of numbers.

import { type Hashes, type Names, textOf } from './names.ts';

export class Interned<T> {
  readonly #names: Names;
  readonly #numbers = new Map<string, number>();
  readonly #values: T[] = [];
  readonly #hashes: Hashes[] = [];

  constructor(names: Names) {
    this.#names = names;
  }

  number(value: T): number {
    const text = textOf(value);
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    const number = this.#values.length;
    this.#numbers.set(text, number);
    this.#values.push(value);
    this.#hashes.push(this.#names.hashesOf(value));
    return number;
  }

  at(number: number): T {
    const value = this.#values[number];
    if (value === undefined) throw new Error(`there is no ${number}`);
    return value;
  }

  hashes(number: number): Hashes {
    return this.#hashes[number] ?? [];
  }
}
