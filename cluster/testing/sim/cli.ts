// The command line of the simulation: which seeds, what is printed, and the exit code.

import { parseArgs } from 'node:util';
import { runSeeds, type Simulate } from './run-seeds.ts';
import type { SimulationResult } from './simulation.ts';

const USAGE = 'usage: npm run sim -- --seeds N [--seed S] [--json]';
const SEEDS_DEFAULT = 60;
const SEED_DEFAULT = 1;
const SEEDS_MAX = 10_000_000;
const PROGRESS_EVERY = 20;

type Print = (line: string) => void;

interface Options {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly json: boolean;
}

function optionsOf(args: string[]): Options | undefined {
  const number = (text: string | undefined, fallback: number): number =>
    text === undefined ? fallback : /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  try {
    const { values } = parseArgs({
      args,
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    });
    const seeds = number(values.seeds, SEEDS_DEFAULT);
    const firstSeed = number(values.seed, SEED_DEFAULT);
    if (!(seeds >= 1 && seeds <= SEEDS_MAX) || Number.isNaN(firstSeed)) return undefined;
    return { seeds, firstSeed, json: values.json };
  } catch {
    return undefined;
  }
}

function report({ seed, violation }: SimulationResult, print: Print): void {
  if (violation === undefined) return;
  print(`seed ${seed}: ${violation.property}: ${violation.message}`);
  print(`  replay: npm run sim -- --seed ${seed} --seeds 1`);
}

/** 0: all held; 1: a violation, or a fault that never happened; 2: not a command of ours. */
export function runCli(args: string[], simulate: Simulate, print: Print): number {
  const options = optionsOf(args);
  if (options === undefined) {
    print(USAGE);
    return 2;
  }
  let done = 0;
  const result = runSeeds(simulate, options.firstSeed, options.seeds, (each) => {
    report(each, print);
    done += 1;
    if (done % PROGRESS_EVERY === 0) print(`${done} of ${options.seeds} seeds`);
  });
  const { seeds, steps, virtualHours, coverage, missing } = result;
  const violations = result.violations.length;
  if (missing.length > 0) print(`never happened in ${seeds} seeds: ${missing.join(', ')}`);
  const hours = virtualHours.toFixed(2);
  print(`${seeds} seeds, ${steps} steps, ${hours} virtual hours, ${violations} violations`);
  if (options.json) {
    print(JSON.stringify({ seeds, steps, virtualHours, violations, coverage, missing }));
  }
  return violations > 0 || missing.length > 0 ? 1 : 0;
}
