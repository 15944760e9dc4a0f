/** The value that a share of all values does not exceed: the nearest rank. There has to be one at least. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  const rank = Math.max(1, Math.ceil(share * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new Error('a percentile of nothing');
  return value;
}
