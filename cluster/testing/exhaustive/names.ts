// The core tells nodes apart by their names and by nothing else, so that states which differ only in who is who
// need be looked at once. A state's hash is a sum over its parts, taken under each renaming; the least of
// these sums stands for all of them.

import { createHash } from 'node:crypto';
import type { NodeId } from '../../src/core/entry.ts';
import { describe } from './opened-core.ts';

type Renaming = ReadonlyMap<NodeId, NodeId>;

/** 64 bits under each renaming, in two halves: [high, low, high, low, ...]. */
export type Hashes = readonly number[];

export class Names {
  readonly #renamings: readonly Renaming[];

  private constructor(renamings: readonly Renaming[]) {
    this.#renamings = renamings;
  }

  /** Under the renamings that leave `first` as it is: others would only cost time. */
  static whichKeep(first: readonly unknown[], nodes: readonly NodeId[]): Names {
    const textOfAll = (names: Renaming) =>
      first
        .map((part) => describe(part, names))
        .sort()
        .join();
    const renamings = permutations(nodes).map(
      (names) => new Map(nodes.map((node, at) => [node, names[at] ?? node])),
    );
    return new Names(renamings.filter((names) => textOfAll(names) === textOfAll(new Map())));
  }

  /** How many renamings there are, with the one that changes nothing, which is the first. */
  get count(): number {
    return this.#renamings.length;
  }

  hashesOf(part: unknown): Hashes {
    return this.#renamings.flatMap((names) => {
      const digest = createHash('sha1').update(describe(part, names)).digest();
      return [digest.readUInt32LE(0), digest.readUInt32LE(4)];
    });
  }
}

/** As it is, without renaming. */
export function textOf(part: unknown): string {
  return describe(part, new Map());
}

export class StateHash {
  high = 0;
  low = 0;
  /** How many states differ from this one in who is who only, itself counted. */
  orbit = 0;
  readonly #sums: Uint32Array;

  constructor(renamings: number) {
    this.#sums = new Uint32Array(2 * renamings);
  }

  begin(): void {
    this.#sums.fill(0);
  }

  add(hashes: Hashes): void {
    const sums = this.#sums;
    for (let at = 0; at < sums.length; at += 1) sums[at] = (sums[at] ?? 0) + (hashes[at] ?? 0);
  }

  end(): void {
    const sums = this.#sums;
    let fixed = 0;
    for (let at = 0; at < sums.length; at += 2) {
      const high = sums[at] ?? 0;
      const low = sums[at + 1] ?? 0;
      if (at === 0 || high < this.high || (high === this.high && low < this.low)) {
        this.high = high;
        this.low = low;
        fixed = 1;
      } else if (high === this.high && low === this.low) fixed += 1;
    }
    this.orbit = sums.length / 2 / fixed;
  }
}

function permutations(all: readonly NodeId[]): readonly (readonly NodeId[])[] {
  if (all.length === 0) return [[]];
  return all.flatMap((first) =>
    permutations(all.filter((other) => other !== first)).map((rest) => [first, ...rest]),
  );
}
