// What was found of each mutant when it was last hunted: by the simulation, and by which scenarios. The pages are
// made from it; npm run sim -- --mutants --write hunts anew.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hunt } from './hunt.ts';

export interface Kills {
  readonly simulation: Readonly<Record<string, Hunt>>;
  /** By mutant: the scenarios that fail with it. */
  readonly scenarios: Readonly<Record<string, readonly string[]>>;
  /** By mutant: the titles of tests that fail with it, of the files that it names. */
  readonly tests: Readonly<Record<string, readonly string[]>>;
}

const FILE = join(import.meta.dirname, 'kills.json');

export function readKills(): Kills {
  return JSON.parse(readFileSync(FILE, 'utf8'));
}

export function writeKills(kills: Kills): void {
  const rows = <T>(all: Readonly<Record<string, T>>): string =>
    Object.entries(all)
      .map(([id, row]) => `    ${JSON.stringify(id)}: ${JSON.stringify(row)}`)
      .join(',\n');
  writeFileSync(
    FILE,
    `{
  "simulation": {
${rows(kills.simulation)}
  },
  "scenarios": {
${rows(kills.scenarios)}
  },
  "tests": {
${rows(kills.tests)}
  }
}
`,
  );
}
