// The mutation gate, as far as it takes seconds: that every mutant can still be made, that the page says what was
// found, and that some are found again. All of it: npm run sim -- --mutants

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { THESIS_RULES } from '../src/core/rules.ts';
import { ALL_MUTANTS, BEHAVIOUR_MUTANTS, MUTANTS } from '../testing/mutants/all-mutants.ts';
import { runMutantsCli } from '../testing/mutants/cli.ts';
import { hunt, medianSeeds } from '../testing/mutants/hunt.ts';
import { readKills } from '../testing/mutants/kills.ts';
import { LINES, lineOf } from '../testing/mutants/lines.ts';
import { editOf, isInCore, sourceOf } from '../testing/mutants/mutant.ts';
import { renderPage } from '../testing/mutants/page.ts';
import { readScenarios, scenariosThatFail } from '../testing/mutants/scenario-kills.ts';

// Minutes of computing where every core is busy.
t.setTimeout(400_000);

const PACKAGE = join(import.meta.dirname, '..');
/** Each found by its first seeds, by a property of its own. */
const QUICK = ['A3', 'A12', 'E5', 'C6'];
const SAMPLE_EVERY = 8;

t.test('every mutant changes the source that it names', async (t) => {
  for (const mutant of ALL_MUTANTS) {
    const path = sourceOf(mutant);
    const source = readFileSync(join(PACKAGE, path), 'utf8');
    const edit = editOf(mutant);
    t.not(edit(path, source), source, mutant.id);
    t.equal(edit('src/another.ts', source), source);
  }
});

t.test('each rule of the core has a mutant that breaks it', async (t) => {
  const edits = MUTANTS.filter(({ file }) => file === 'core/rules.ts').flatMap(({ id, edits }) =>
    edits.map(([from]) => ({ id, from })),
  );
  const source = readFileSync(join(PACKAGE, 'src', 'core', 'rules.ts'), 'utf8');
  const rules = Object.keys(THESIS_RULES).map((name) => ({ name, at: source.lastIndexOf(name) }));
  for (const [order, { name, at }] of rules.entries()) {
    const end = rules[order + 1]?.at ?? source.length;
    const breaking = edits.filter(({ from }) => {
      const place = source.indexOf(from);
      return place >= at && place < end;
    });
    t.ok(breaking.length > 0, `${name}: ${breaking.map(({ id }) => id)}`);
  }
});

t.test('a mutant whose place has moved says so', async (t) => {
  const [mutant] = MUTANTS;
  if (mutant === undefined) throw new Error('there are no mutants');
  for (const edits of [[['not in it', '']], [['a', 'b']]] as const) {
    const edit = editOf({ ...mutant, edits });
    t.throws(() => edit(`src/${mutant.file}`, 'a a'), { message: /has [02] places like/ });
  }
});

t.test('each mutant has an id of its own, on a line of the list that is ours', async (t) => {
  const all = ALL_MUTANTS.map(({ id }) => id);
  t.equal(new Set(all).size, all.length);
  const ids = MUTANTS.map(({ id }) => id);
  const ours = Object.values(LINES)
    .flat()
    .filter(({ notOurs }) => notOurs === undefined)
    .map(({ id }) => id);
  t.same(
    ids.filter((id) => !ours.includes(lineOf(id))),
    [],
  );
});

t.test(
  'each that lacks a behaviour is called after it, and fails a test or a scenario',
  async (t) => {
    const { scenarios, tests } = readKills();
    for (const { id } of BEHAVIOUR_MUTANTS) {
      t.match(id, /^not-[CX]\d{2,3}$/);
      const failing = [...(scenarios[id] ?? []), ...(tests[id] ?? [])];
      t.ok(failing.length > 0, id);
    }
  },
);

t.test('docs/mutants.md is what was found', async (t) => {
  const page = readFileSync(join(PACKAGE, '..', 'docs', 'mutants.md'), 'utf8');
  t.equal(renderPage(readKills()), page, 'run: npm run sim -- --mutants --scenarios --write');
});

t.test('scenarios fail with the mutants that they did fail with', async (t) => {
  const scenarios = readScenarios();
  const kills = readKills();
  const inCore = ALL_MUTANTS.filter(isInCore);
  for (const mutant of inCore.filter((_, at) => at % SAMPLE_EVERY === 0)) {
    const failing = await scenariosThatFail(mutant, scenarios);
    t.same(failing, kills.scenarios[mutant.id], mutant.id);
  }
});

t.test('the general mix of the simulation finds mutants', async (t) => {
  for (const mutant of MUTANTS.filter(({ id }) => QUICK.includes(id))) {
    const found = await hunt(mutant, { starts: 1, seedsMax: 10 });
    t.comment(`${mutant.id}: ${found.by} within ${found.seeds.join()} seeds`);
    t.ok(medianSeeds(found), mutant.id);
  }
});

t.test(
  'of several hunts the one in the middle counts, and one given up is the longest',
  async (t) => {
    t.equal(medianSeeds({ seeds: [9, 1, 5] }), 5);
    t.equal(medianSeeds({ seeds: [null, 1, 5] }), 5);
    t.equal(medianSeeds({ seeds: [null, null, 5] }), undefined);
  },
);

t.test('the command line refuses what it does not know', async (t) => {
  for (const args of [['--ids', 'Z9'], ['--seeds', '0'], ['--starts', 'x'], ['--what'], ['x']]) {
    const lines: string[] = [];
    t.equal(await runMutantsCli(args, (line) => lines.push(line)), 2);
    t.match(lines, [/^usage: /]);
  }
});
