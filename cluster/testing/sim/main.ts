// `npm run sim -- --seeds N [--seed S] [--json]`: the deterministic simulation of the cluster.

import { parseArgs } from 'node:util';
import { runSeeds } from './run-seeds.ts';
import type { SimulationResult } from './simulation.ts';

const USAGE = 'usage: npm run sim -- --seeds N [--seed S] [--json]';
const SEEDS_DEFAULT = 60;
const SEED_DEFAULT = 1;
const SEEDS_MAX = 10_000_000;
const PROGRESS_EVERY = 20;

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

function report({ seed, violation }: SimulationResult): void {
  if (violation === undefined) return;
  console.log(`seed ${seed}: ${violation.property}: ${violation.message}`);
  console.log(`  replay: npm run sim -- --seed ${seed} --seeds 1`);
}

function main(options: Options): number {
  let done = 0;
  const result = runSeeds(options.firstSeed, options.seeds, (each) => {
    report(each);
    done += 1;
    if (done % PROGRESS_EVERY === 0) console.log(`${done} of ${options.seeds} seeds`);
  });
  const { seeds, steps, virtualHours, coverage, missing } = result;
  const violations = result.violations.length;
  if (missing.length > 0) console.log(`never happened in ${seeds} seeds: ${missing.join(', ')}`);
  const hours = virtualHours.toFixed(2);
  console.log(`${seeds} seeds, ${steps} steps, ${hours} virtual hours, ${violations} violations`);
  if (options.json) {
    console.log(JSON.stringify({ seeds, steps, virtualHours, violations, coverage, missing }));
  }
  return violations > 0 || missing.length > 0 ? 1 : 0;
}

const options = optionsOf(process.argv.slice(2));
if (options === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  process.exitCode = main(options);
}
