// Several rounds told by their middle and their ends. The machine is shared, so a mean would follow its
// worst second.

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** The median and the ends of a few values; there has to be one at least. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >>> 1];
  const lower = sorted[(sorted.length - 1) >>> 1];
  const [min] = sorted;
  const max = sorted.at(-1);
  if (upper === undefined || lower === undefined || min === undefined || max === undefined) {
    throw new Error('no round was measured');
  }
  return { median: (lower + upper) / 2, min, max };
}
