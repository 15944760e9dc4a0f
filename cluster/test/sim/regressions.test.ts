// Runs that once failed, made as small as they go, and kept: what was mended stays mended.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { mutantOf } from '../../testing/mutants/all-mutants.ts';
import { simulationWith } from '../../testing/mutants/mutant-simulation.ts';
import { runTask, type Task } from '../../testing/sim/run-task.ts';

t.setTimeout(400_000);

/** A file of `regressions/`: the task as `npm run sim -- --shrink` prints it, what it showed, and the mutant that has it. */
interface Regression {
  readonly showed: string;
  readonly mutant: string;
  readonly task: Task;
}

const folder = join(import.meta.dirname, 'regressions');
const files = await readdir(folder);

for (const file of files.toSorted()) {
  const { showed, mutant, task } = JSON.parse(
    await readFile(join(folder, file), 'utf8'),
  ) as Regression;
  t.test(`${file}: ${showed}`, async (t) => {
    const { violation, struck } = await runTask(task);
    t.equal(violation, undefined);
    t.ok(struck.length > 0, 'something goes wrong in it');
    const before = await simulationWith(mutantOf(mutant));
    t.ok((await before(task)).violation, `${mutant} fails in it`);
  });
}

t.ok(files.length > 0);
