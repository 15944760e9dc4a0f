// The command line of the mutation gate: hunts every mutant, or some, and prints what became of each.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ALL_MUTANTS, BEHAVIOUR_MUTANTS, MUTANTS } from './all-mutants.ts';
import { type HuntOptions, hunt } from './hunt.ts';
import { type Kills, readKills, writeKills } from './kills.ts';
import type { Mutant } from './mutant.ts';
import { isKilled, renderPage, verdictOf } from './page.ts';
import { type NamedScenario, readScenarios, scenariosThatFail } from './scenario-kills.ts';
import { testsThatFail } from './test-kills.ts';

const USAGE =
  'usage: npm run sim -- --mutants [--ids ID,ID] [--starts N] [--seeds N] [--workers N] [--scenarios] [--tests] [--write]';
const STARTS_DEFAULT = 5;
const SEEDS_DEFAULT = 2_000;
const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'mutants.md');

type Print = (line: string) => void;

interface Options extends HuntOptions {
  readonly mutants: readonly Mutant[];
  readonly workers: number;
  /** Without hunts: what takes seconds, or a minute. */
  readonly playsOnly: { readonly scenarios: boolean; readonly tests: boolean } | undefined;
  readonly write: boolean;
}

function optionsOf(args: string[]): Options | undefined {
  try {
    const { values } = parseArgs({
      args,
      options: {
        ids: { type: 'string' },
        starts: { type: 'string', default: String(STARTS_DEFAULT) },
        seeds: { type: 'string', default: String(SEEDS_DEFAULT) },
        workers: { type: 'string', default: '1' },
        scenarios: { type: 'boolean', default: false },
        tests: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
      },
    });
    const ids = values.ids?.split(',');
    const mutants = ALL_MUTANTS.filter(({ id }) => ids === undefined || ids.includes(id));
    if (ids !== undefined && mutants.length !== ids.length) return undefined;
    const numbers = [values.starts, values.seeds, values.workers];
    if (!numbers.every((text) => /^[1-9]\d{0,4}$/.test(text))) return undefined;
    const { scenarios, tests } = values;
    return {
      mutants,
      starts: Number(values.starts),
      seedsMax: Number(values.seeds),
      workers: Number(values.workers),
      playsOnly: scenarios || tests ? { scenarios, tests } : undefined,
      write: values.write,
    };
  } catch {
    return undefined;
  }
}

/** 0: all of them are killed, and fail the scenarios and tests they did; 1: not so; 2: not a command of ours. */
export async function runMutantsCli(args: string[], print: Print): Promise<number> {
  const options = optionsOf(args);
  if (options === undefined) {
    print(USAGE);
    return 2;
  }
  const run = new GateRun(options, print);
  const waiting = [...options.mutants];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await run.judge(next);
    }
  };
  await Promise.all(Array.from({ length: options.workers }, work));
  print(`${options.mutants.length - run.failed} of ${options.mutants.length} as they should be`);
  return run.failed === 0 ? 0 : 1;
}

class GateRun {
  failed = 0;
  readonly #options: Options;
  readonly #print: Print;
  readonly #scenarios: readonly NamedScenario[] = readScenarios();

  constructor(options: Options, print: Print) {
    this.#options = options;
    this.#print = print;
  }

  async judge(mutant: Mutant): Promise<void> {
    const { playsOnly, write } = this.#options;
    const { id, mistake } = mutant;
    const before = readKills();
    const plays = playsOnly ?? { scenarios: true, tests: true };
    const scenarios = plays.scenarios
      ? await scenariosThatFail(mutant, this.#scenarios)
      : (before.scenarios[id] ?? []);
    const tests = plays.tests ? await testsThatFail(mutant) : (before.tests[id] ?? []);
    const isHunted = playsOnly === undefined && !BEHAVIOUR_MUTANTS.includes(mutant);
    const found = isHunted ? await hunt(mutant, this.#options) : before.simulation[id];
    const hasMoved =
      scenarios.join() !== (before.scenarios[id] ?? []).join() ||
      tests.join() !== (before.tests[id] ?? []).join();
    if ((hasMoved && !write) || (isHunted && !isKilled(found))) this.failed += 1;
    if (write) save(mutant, { found, scenarios, tests });
    const verdict = BEHAVIOUR_MUTANTS.includes(mutant) ? 'not hunted' : verdictOf(found);
    const moved = hasMoved ? ', others than before' : '';
    const counts = `${scenarios.length} scenarios, ${tests.length} tests${moved}`;
    this.#print(`${id}  ${verdict}; ${counts}  (${mistake})`);
  }
}

interface Row {
  readonly found: Kills['simulation'][string] | undefined;
  readonly scenarios: readonly string[];
  readonly tests: readonly string[];
}

/** In the order of the list, and without those that are gone. Read anew: others may be at work on the same file. */
function save({ id, tests: files }: Mutant, { found, scenarios, tests }: Row): void {
  const ordered = <T>(all: readonly Mutant[], rows: Readonly<Record<string, T>>) =>
    Object.fromEntries(
      all.flatMap((mutant) => {
        const row = rows[mutant.id];
        return row === undefined ? [] : [[mutant.id, row] as const];
      }),
    );
  const before = readKills();
  const kills: Kills = {
    simulation: ordered(MUTANTS, { ...before.simulation, ...(found && { [id]: found }) }),
    scenarios: ordered(ALL_MUTANTS, { ...before.scenarios, [id]: scenarios }),
    tests: ordered(ALL_MUTANTS, { ...before.tests, ...(files && { [id]: tests }) }),
  };
  writeKills(kills);
  writeFileSync(PAGE, renderPage(kills));
}
