// The command line of the simulation: which seeds, what is printed, and the exit code.

import { parseArgs } from 'node:util';
import type { Coverage } from './coverage.ts';
import { FAULT_IDS, isFired } from './faults.ts';
import { type Failure, type RunTask, runSeeds, type SeedsResult } from './run-seeds.ts';
import { STACK_EVERY, type Task } from './run-task.ts';
import { scheduleOf, shrink } from './shrink.ts';

const USAGE =
  'usage: npm run sim -- --seeds N [--seed S] [--stack-every N] [--workers N] [--shrink] [--json]';
const SEEDS_DEFAULT = 60;
const SEED_DEFAULT = 1;
const SEEDS_MAX = 10_000_000;
const PROGRESS_EVERY = 20;

type Print = (line: string) => void;

export interface SimCommand {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly stackEvery: number;
  readonly workers: number | undefined;
  readonly shrink: boolean;
  readonly json: boolean;
}

/** Undefined for a command that is none of ours. */
export function parseCommand(args: string[]): SimCommand | undefined {
  const number = (text: string | undefined, fallback: number): number =>
    text === undefined ? fallback : /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  try {
    const { values } = parseArgs({
      args,
      options: {
        seeds: { type: 'string' },
        seed: { type: 'string' },
        'stack-every': { type: 'string' },
        workers: { type: 'string' },
        shrink: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    });
    const seeds = number(values.seeds, SEEDS_DEFAULT);
    const firstSeed = number(values.seed, SEED_DEFAULT);
    const stackEvery = number(values['stack-every'], STACK_EVERY);
    const workers = values.workers === undefined ? undefined : number(values.workers, 0);
    if (!(seeds >= 1 && seeds <= SEEDS_MAX)) return undefined;
    if (Number.isNaN(firstSeed + stackEvery)) return undefined;
    if (workers !== undefined && !(workers >= 1 && workers <= 256)) return undefined;
    return { seeds, firstSeed, stackEvery, workers, shrink: values.shrink, json: values.json };
  } catch {
    return undefined;
  }
}

/** 0: all held; 1: a violation, or a fault that never happened; 2: not a command of ours. */
export async function runCli(
  args: string[],
  run: RunTask,
  print: Print,
  atOnce = 1,
): Promise<number> {
  const command = parseCommand(args);
  if (command === undefined) {
    print(USAGE);
    return 2;
  }
  let done = 0;
  const onResult = (failure: Failure): void => {
    report(failure, command, print);
    done += 1;
    if (done % PROGRESS_EVERY === 0) print(`${done} of ${command.seeds} seeds`);
  };
  const result = await runSeeds({ ...command, atOnce }, onResult, run);
  if (command.shrink) {
    for (const failure of result.violations) await printShrunk(failure, run, print);
  }
  printSum(result, print);
  if (command.json) {
    const violations = result.violations.length;
    print(JSON.stringify({ ...result, violations }));
  }
  return result.violations.length > 0 || result.missing.length > 0 ? 1 : 0;
}

function report({ task, result }: Failure, { stackEvery }: SimCommand, print: Print): void {
  const { violation } = result;
  if (violation === undefined) return;
  print(`seed ${task.seed} (${task.world}): ${violation.property}: ${violation.message}`);
  const share = stackEvery === STACK_EVERY ? '' : ` --stack-every ${stackEvery}`;
  print(`  replay: npm run sim -- --seed ${task.seed} --seeds 1${share} --shrink`);
}

async function printShrunk({ task, result }: Failure, run: RunTask, print: Print): Promise<void> {
  const shrunk = await shrink(run, task, result);
  const before = result.struck.length;
  print(`seed ${task.seed}: ${before} blows become ${shrunk.result.struck.length}:`);
  for (const line of scheduleOf(shrunk.result)) print(`  ${line}`);
  const kept: Task = shrunk.task;
  print(`  to keep it, as a file in cluster/test/sim/regressions: ${JSON.stringify(kept)}`);
}

function printSum(result: SeedsResult, print: Print): void {
  const { seeds, steps, virtualHours, coverage, missing, violations } = result;
  print(`faults: ${countsOf(coverage)}`);
  if (missing.length > 0) print(`never happened in ${seeds} seeds: ${missing.join(', ')}`);
  const hours = virtualHours.toFixed(2);
  print(`${seeds} seeds, ${steps} steps, ${hours} virtual hours, ${violations.length} violations`);
}

function countsOf(coverage: Coverage): string {
  return FAULT_IDS.filter(isFired)
    .map((id) => `${id} ${coverage[id]}`)
    .join(', ');
}
