// Configurations of every kind that a decoder takes, and log bases with them.

import fc from 'fast-check';
import type { Configuration, LogBase } from '../src/core/entry.ts';

const NODES = Array.from({ length: 12 }, (_, at) => at.toString(16).padStart(32, '0'));
const someOf = (nodes: readonly string[], maxLength: number) =>
  fc.uniqueArray(fc.constantFrom(...nodes), { maxLength });

export const configurations: fc.Arbitrary<Configuration> = fc
  .tuple(fc.constantFrom(...NODES), someOf(NODES, 8), someOf(NODES, 9), someOf(NODES, 12))
  .map(([first, others, outgoing, learners]) => {
    const voters = [first, ...others.filter((node) => node !== first)];
    return { voters, outgoing, learners: learners.filter((node) => !voters.includes(node)) };
  });

export const logBases: fc.Arbitrary<LogBase> = fc.record({
  index: fc.maxSafeNat(),
  term: fc.maxSafeNat(),
  checksum: fc.nat(0xffff_ffff),
  entryTimeMs: fc.maxSafeNat(),
  configuration: configurations,
});
