// Every contestant once in each round, and each round begins with another one: a busy minute of the machine
// falls on all of them, and nobody always runs first.
import type { Contestant, Extent, Sample } from './bench.ts';

export interface Rounds {
  readonly rounds: number;
  readonly seconds: number;
  readonly extent?: Extent;
}

/** The samples of each contestant by its key, one for each round. */
export async function interleavedRounds(
  contestants: readonly Contestant[],
  { rounds, seconds, extent }: Rounds,
  progress: (line: string) => void,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(contestants.map(({ key }) => [key, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const { key, measure } of rotated(contestants, round)) {
      const sample = await measure(seconds, extent);
      samples.get(key)?.push(sample);
      const figures = Object.entries(sample).map(([name, value]) => `${name} ${value.toFixed(1)}`);
      progress(`round ${round + 1} of ${rounds}  ${key.padEnd(10)} ${figures.join('  ')}`);
    }
  }
  return samples;
}

function rotated<Item>(items: readonly Item[], by: number): readonly Item[] {
  const first = by % items.length;
  return [...items.slice(first), ...items.slice(0, first)];
}
