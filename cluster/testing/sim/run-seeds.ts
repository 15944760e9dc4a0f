// A set of seeds, one after the other, with what they covered together.

import {
  COVERAGE_SEEDS_MIN,
  type Coverage,
  CoverageCounter,
  type CoverageKey,
} from './coverage.ts';
import type { SimulationOptions, SimulationResult } from './simulation.ts';

export interface SeedsResult {
  readonly seeds: number;
  readonly steps: number;
  readonly virtualHours: number;
  readonly violations: readonly SimulationResult[];
  readonly coverage: Coverage;
  /** Never happened, though the set was large enough that it should have. */
  readonly missing: readonly CoverageKey[];
}

const MS_PER_HOUR = 3_600_000;

export type Simulate = (options: SimulationOptions) => SimulationResult;

/** Runs `seeds` seeds from `firstSeed` on; reports each as it ends. */
export function runSeeds(
  simulate: Simulate,
  firstSeed: number,
  seeds: number,
  onResult: (result: SimulationResult) => void,
): SeedsResult {
  const coverage = new CoverageCounter();
  const violations: SimulationResult[] = [];
  let steps = 0;
  let virtualMs = 0;
  for (let seed = firstSeed; seed < firstSeed + seeds; seed += 1) {
    const result = simulate({ seed });
    if (result.violation !== undefined) violations.push(result);
    coverage.add(result.coverage);
    steps += result.steps;
    virtualMs += result.virtualMs;
    onResult(result);
  }
  return {
    seeds,
    steps,
    virtualHours: virtualMs / MS_PER_HOUR,
    violations,
    coverage: coverage.all,
    missing: seeds >= COVERAGE_SEEDS_MIN ? coverage.missing : [],
  };
}
