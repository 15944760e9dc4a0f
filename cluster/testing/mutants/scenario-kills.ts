// Which scenarios leave another trace, or none, when a mutant plays them.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { variantUrl } from '../variants/load-variant.ts';
import { editOf, isInCore, type Mutant } from './mutant.ts';

export interface NamedScenario {
  readonly name: string;
  readonly text: string;
}

type Player = Pick<typeof import('../scenarios/run-scenario.ts'), 'runScenario'>;

const DIRECTORY = join(import.meta.dirname, '..', '..', 'test', 'scenarios');

export function readScenarios(): readonly NamedScenario[] {
  const names = readdirSync(DIRECTORY).toSorted();
  return names.map((name) => ({ name, text: readFileSync(join(DIRECTORY, name), 'utf8') }));
}

export async function scenariosThatFail(
  mutant: Mutant,
  scenarios: readonly NamedScenario[],
): Promise<readonly string[]> {
  if (!isInCore(mutant)) return [];
  const url = variantUrl(mutant.id, editOf(mutant), 'testing/scenarios/run-scenario.ts');
  const { runScenario }: Player = await import(url);
  const failing = scenarios.filter(({ text }) => {
    try {
      return runScenario(text) !== text;
    } catch {
      return true;
    }
  });
  return failing.map(({ name }) => name);
}
