// After the restart: does one replica still hold every acknowledged write, with its value?
import type { KeyValueClient } from '@rockpool/cluster/testing';
import { type Acknowledged, valuesOf, writeOf } from './write-plan.ts';

/**
 * How many acknowledged writes the replica does not hold; its rows may come in any number of clients, one for each
 * group. Throws on a row with another value than was written.
 */
export async function countMissing(
  clients: readonly KeyValueClient[],
  seed: string,
  acknowledged: Acknowledged,
): Promise<number> {
  const valueFor = valuesOf(seed);
  let missing = Object.values(acknowledged)
    .flat()
    .reduce((sum, writes) => sum + writes, 0);
  for (const client of clients) {
    let after: Buffer | undefined;
    for (;;) {
      const rows = await client.page(after);
      const last = rows.at(-1);
      if (last === undefined) break;
      for (const { key, value } of rows) {
        const write = writeOf(key);
        if (write === undefined || !valueFor(write).equals(value)) {
          throw new Error(`the row ${key.toString('latin1')} has a value that nobody wrote`);
        }
        // A write that was never acknowledged may have come to stand as well.
        const until = acknowledged[write.phase]?.[write.lane] ?? 0;
        if (write.number < until) missing -= 1;
      }
      if (after !== undefined && last.key.compare(after) <= 0) {
        throw new Error('a page does not continue the one before');
      }
      after = last.key;
    }
  }
  return missing;
}
