// A set of seeds and what they covered together.

import {
  COVERAGE_SEEDS_MIN,
  type Coverage,
  CoverageCounter,
  type CoverageKey,
} from './coverage.ts';
import { runTask, type Task, worldOf } from './run-task.ts';
import type { SimulationResult } from './simulation.ts';

export type RunTask = (task: Task) => Promise<SimulationResult>;

export interface Failure {
  readonly task: Task;
  readonly result: SimulationResult;
}

export interface SeedsResult {
  readonly seeds: number;
  /** Inputs that cores and nodes have handled. */
  readonly steps: number;
  readonly virtualHours: number;
  readonly violations: readonly Failure[];
  readonly coverage: Coverage;
  /** Never happened, though the set was large enough that it should have. */
  readonly missing: readonly CoverageKey[];
}

export interface SeedSet {
  readonly firstSeed: number;
  readonly seeds: number;
  /** One seed in so many runs whole nodes; 0: none does. */
  readonly stackEvery: number;
  /** Seeds that run at the same time. */
  readonly atOnce?: number;
}

const MS_PER_HOUR = 3_600_000;
/** Every so manieth seed is run a second time, and must leave the same trace. */
const TWICE_EVERY = 50;

/** Runs all seeds of a set; reports each as it ends. */
export async function runSeeds(
  set: SeedSet,
  onResult: (failure: Failure) => void,
  run: RunTask = runTask,
): Promise<SeedsResult> {
  const { firstSeed, seeds, stackEvery, atOnce = 1 } = set;
  const coverage = new CoverageCounter();
  const violations: Failure[] = [];
  let steps = 0;
  let virtualMs = 0;
  let next = firstSeed;
  const work = async (): Promise<void> => {
    while (next < firstSeed + seeds) {
      const seed = next;
      next += 1;
      const task: Task = { world: worldOf(seed, stackEvery), seed };
      const first = await run(task);
      const result = seed % TWICE_EVERY === 1 ? sameTrace(first, await run(task)) : first;
      if (result.violation !== undefined) violations.push({ task, result });
      coverage.add(result.coverage);
      steps += result.steps;
      virtualMs += result.virtualMs;
      onResult({ task, result });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return {
    seeds,
    steps,
    virtualHours: virtualMs / MS_PER_HOUR,
    violations,
    coverage: coverage.all,
    missing: seeds >= COVERAGE_SEEDS_MIN ? coverage.missing : [],
  };
}

function sameTrace(first: SimulationResult, second: SimulationResult): SimulationResult {
  if (first.traceHash === second.traceHash) return first;
  const message = `${first.traceHash} and then ${second.traceHash}`;
  return { ...first, violation: { property: 'determinism', message } };
}
