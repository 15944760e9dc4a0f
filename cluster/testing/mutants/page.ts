// docs/mutants.md, from the list, the mutants and what was found of them.

import { BEHAVIOUR_MUTANTS, MUTANTS } from './all-mutants.ts';
import { type Hunt, medianSeeds } from './hunt.ts';
import type { Kills } from './kills.ts';
import { LINES, type Line, lineOf } from './lines.ts';
import { isInCore, type Mutant } from './mutant.ts';

const INTRODUCTION = `# Mutants

Mistakes that real implementations of Raft have made, each put into ours on purpose, to see whether the tests notice. A
mutant is a change to one source as it is loaded (\`cluster/testing/mutants/\`); the product has no switch for it. **Killed**
means that the general mix of \`npm run sim\`, which knows of no mutant, ends in a violation of one of its properties,
and that the same seed without the mutant does not; the number is the median of the seeds that it took, over as many hunts as stand behind it. A few of the seeds run whole nodes, the
others run the core alone: what lies outside of the core only those few can find. Beside it are scenarios
(\`cluster/test/scenarios/\`) that fail with it. Each number is that of the last hunt for that mutant: what changes the mix
later changes what a seed does, and may move it.

\`npm run sim -- --mutants\` hunts anew and prints this table (\`--ids A1,B3\`, \`--starts N\`, \`--seeds N\`, \`--workers N\`); with
\`--scenarios\` or \`--tests\` it only plays the scenarios, or runs the tests, that a mutant names, and says whether others fail
than before; with \`--write\` it writes this page.`;

const HEAD = `| | what is wrong | met in | in | killed by | scenarios that fail |
| --- | --- | --- | --- | --- | --- |`;

const BEHAVIOURS = `## Behaviours

Each of these lacks one behaviour of [raft-conformance.md](raft-conformance.md) that no mistake above takes away, so that its
tests can be seen to fail. Many do no harm that a simulation could see; they are not hunted.

| | what is wrong | pinned down by | in | tests and scenarios that fail |
| --- | --- | --- | --- | --- |`;

export function renderPage(kills: Kills): string {
  const sections = Object.entries(LINES).map(([title, lines]) => sectionOf(title, lines, kills));
  const behaviours = BEHAVIOUR_MUTANTS.map((mutant) => behaviourOf(mutant, kills));
  const last = [BEHAVIOURS, ...behaviours].join('\n');
  return `${[INTRODUCTION, summaryOf(kills), ...sections, last].join('\n\n')}\n`;
}

function summaryOf(kills: Kills): string {
  const hunted = MUTANTS.flatMap(({ id }) => kills.simulation[id] ?? []);
  const medians = hunted.flatMap((each) => medianSeeds(each) ?? []).sort((a, b) => a - b);
  const median = medians[Math.floor(medians.length / 2)] ?? 0;
  const [alive, unhunted] = [true, false].map((isHunted) =>
    MUTANTS.filter(({ id }) => isHunted === (kills.simulation[id] !== undefined))
      .filter(({ id }) => !isKilled(kills.simulation[id]))
      .map(({ id }) => id),
  );
  const open = Object.values(LINES)
    .flat()
    .filter(({ id, notOurs }) => notOurs === undefined && mutantsOf(id).length === 0)
    .map(({ id }) => id);
  const unscathed = MUTANTS.filter(
    (mutant) => isInCore(mutant) && kills.scenarios[mutant.id]?.length === 0,
  );
  return [
    `Of ${MUTANTS.length} mutants ${medians.length} are killed, half of them within ${median} seeds.`,
    alive?.length ? `**Alive**: ${alive.join(', ')}.` : '',
    unhunted?.length ? `**Not hunted yet**: ${unhunted.join(', ')}.` : '',
    `Of those in the core ${unscathed.length} change no scenario${listed(unscathed.map(({ id }) => id))}.`,
    open.length > 0 ? `Lines **without a mutant**: ${open.join(', ')}.` : '',
  ]
    .filter((text) => text !== '')
    .join('\n');
}

function sectionOf(title: string, lines: readonly Line[], kills: Kills): string {
  const rows = lines.flatMap(({ id }) => mutantsOf(id).map((mutant) => rowOf(mutant, kills)));
  const faults = lines.filter(({ faults }) => faults !== undefined);
  const notOurs = lines.filter(({ notOurs }) => notOurs !== undefined);
  return [
    `## ${title}`,
    ...(rows.length > 0 ? ['', HEAD, ...rows] : []),
    ...(faults.length > 0 ? ['', 'Faults of the mix that bring these out:', ''] : []),
    ...faults.map(({ id, says, faults }) => `- ${id}, ${says}: ${faults}`),
    ...(notOurs.length > 0 ? ['', 'What cannot be ours:', ''] : []),
    ...notOurs.map(({ id, says, notOurs }) => `- ${id}, ${says}: ${notOurs}`),
  ].join('\n');
}

function rowOf({ id, mistake, metIn, file }: Mutant, kills: Kills): string {
  const names = namesOf(kills.scenarios[id] ?? []);
  const cells = [
    id,
    mistake,
    metIn,
    `\`${file}\``,
    verdictOf(kills.simulation[id]),
    names.join(', '),
  ];
  return tableRow(cells);
}

function behaviourOf({ id, mistake, metIn, file }: Mutant, kills: Kills): string {
  const tests = (kills.tests[id] ?? []).map((title) => title.replace(QUOTES, ''));
  const scenarios = namesOf(kills.scenarios[id] ?? []);
  return tableRow([id, mistake, metIn, `\`${file}\``, [...tests, ...scenarios].join('; ')]);
}

/** The behaviours that a title quotes. */
const QUOTES = /^(\[[CX]\d+\] )+/;

function namesOf(scenarios: readonly string[]): readonly string[] {
  const shown = scenarios.slice(0, SCENARIOS_SHOWN).map((name) => name.replace('.txt', ''));
  const rest = scenarios.length - shown.length;
  return rest > 0 ? [...shown, `and ${rest} more`] : shown;
}

function tableRow(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

const SCENARIOS_SHOWN = 3;

export function verdictOf(found: Hunt | undefined): string {
  if (found === undefined) return 'not hunted yet';
  const { seeds, seedsMax, by } = found;
  const median = medianSeeds(found);
  if (median !== undefined) return `${by}, ${median} (of ${counted(seeds.length)})`;
  const ended = seeds.filter((each) => each !== null).length;
  const others = ended === 0 ? '' : `; ${by} in ${ended} of them`;
  return `**alive** after ${counted(seeds.length)} of ${seedsMax} seeds${others}`;
}

function counted(hunts: number): string {
  return hunts === 1 ? '1 hunt' : `${hunts} hunts`;
}

export function isKilled(found: Hunt | undefined): boolean {
  return found !== undefined && medianSeeds(found) !== undefined;
}

function mutantsOf(line: string): readonly Mutant[] {
  return MUTANTS.filter(({ id }) => lineOf(id) === line);
}

function listed(ids: readonly string[]): string {
  return ids.length > 0 ? `: ${ids.join(', ')}` : '';
}
