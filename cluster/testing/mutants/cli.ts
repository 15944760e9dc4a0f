// The command line of the mutation gate: hunts every mutant, or some, and prints what became of each.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MUTANTS } from './all-mutants.ts';
import { type HuntOptions, hunt } from './hunt.ts';
import { type Kills, readKills, writeKills } from './kills.ts';
import type { Mutant } from './mutant.ts';
import { isKilled, renderPage, verdictOf } from './page.ts';
import { readScenarios, scenariosThatFail } from './scenario-kills.ts';
import { testsThatFail } from './test-kills.ts';

const USAGE =
  'usage: npm run sim -- --mutants [--ids ID,ID] [--starts N] [--seeds N] [--scenarios] [--write]';
const STARTS_DEFAULT = 5;
const SEEDS_DEFAULT = 2_000;
const PAGE = join(import.meta.dirname, '..', '..', '..', 'docs', 'mutants.md');

type Print = (line: string) => void;

interface Options extends HuntOptions {
  readonly mutants: readonly Mutant[];
  /** Only the scenarios are played; that takes seconds. */
  readonly scenariosOnly: boolean;
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
        scenarios: { type: 'boolean', default: false },
        write: { type: 'boolean', default: false },
      },
    });
    const ids = values.ids?.split(',');
    const mutants = MUTANTS.filter(({ id }) => ids === undefined || ids.includes(id));
    if (ids !== undefined && mutants.length !== ids.length) return undefined;
    if (![values.starts, values.seeds].every((text) => /^[1-9]\d{0,4}$/.test(text)))
      return undefined;
    return {
      mutants,
      starts: Number(values.starts),
      seedsMax: Number(values.seeds),
      scenariosOnly: values.scenarios,
      write: values.write,
    };
  } catch {
    return undefined;
  }
}

/** 0: all of them are killed, and fail the scenarios they did; 1: not so; 2: not a command of ours. */
export async function runMutantsCli(args: string[], print: Print): Promise<number> {
  const options = optionsOf(args);
  if (options === undefined) {
    print(USAGE);
    return 2;
  }
  const before = readKills();
  const simulation = { ...before.simulation };
  const scenarios = { ...before.scenarios };
  const tests = { ...before.tests };
  const all = readScenarios();
  let failed = 0;
  for (const mutant of options.mutants) {
    const { id, mistake } = mutant;
    const failing = await scenariosThatFail(mutant, all);
    const hasMoved = failing.join() !== (before.scenarios[id] ?? []).join();
    scenarios[id] = failing;
    if (!options.scenariosOnly) {
      simulation[id] = await hunt(mutant, options);
      if (mutant.tests !== undefined) tests[id] = await testsThatFail(mutant);
    }
    if ((hasMoved && !options.write) || !isKilled(simulation[id])) failed += 1;
    const moved = hasMoved ? ', others than before' : '';
    if (options.write)
      save({ seedsMax: seedsMaxOf(options, before), simulation, scenarios, tests });
    print(`${id}  ${verdictOf(simulation[id])}; ${failing.length} scenarios${moved}  (${mistake})`);
  }
  print(`${options.mutants.length - failed} of ${options.mutants.length} as they should be`);
  return failed === 0 ? 0 : 1;
}

function seedsMaxOf({ scenariosOnly, seedsMax }: Options, before: Kills): number {
  return scenariosOnly ? before.seedsMax : seedsMax;
}

/** In the order of the list, and without those that are gone. */
function save(kills: Kills): void {
  const ordered = <T>(rows: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(
      MUTANTS.flatMap(({ id }) => {
        const row = rows[id];
        return row === undefined ? [] : [[id, row]];
      }),
    );
  const sorted = {
    seedsMax: kills.seedsMax,
    simulation: ordered(kills.simulation),
    scenarios: ordered(kills.scenarios),
    tests: ordered(kills.tests),
  };
  writeKills(sorted);
  writeFileSync(PAGE, renderPage(sorted));
}
