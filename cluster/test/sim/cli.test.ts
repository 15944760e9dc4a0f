import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { mutantOf } from '../../testing/mutants/all-mutants.ts';
import { simulationWith } from '../../testing/mutants/mutant-simulation.ts';
import { runCli } from '../../testing/sim/cli.ts';
import { FAULT_IDS, FAULTS, type FaultKind } from '../../testing/sim/faults.ts';
import type { RunTask } from '../../testing/sim/run-seeds.ts';
import { runTask, STACK_EVERY, worldOf } from '../../testing/sim/run-task.ts';
import { scheduleOf, shrink } from '../../testing/sim/shrink.ts';

t.setTimeout(400_000);

/** Half of the voters are a quorum: soon there are two leaders. */
const halved = await simulationWith(mutantOf('A6b'));
const broken: RunTask = (task) => halved({ unsafeMs: 30_000, ...task });
const short: RunTask = (task) => runTask({ ...task, unsafeMs: 3_000 });

t.test('the command line prints what was found, and how to see it again', async (t) => {
  const lines: string[] = [];
  const print = (line: string): number => lines.push(line);
  t.equal(await runCli(['--seeds', '2', '--seed', '7', '--json'], short, print), 0);
  const last = JSON.parse(lines.at(-1) ?? '');
  t.match(last, { seeds: 2, steps: Number, virtualHours: Number, violations: 0, coverage: {} });

  lines.length = 0;
  t.equal(await runCli(['--seeds', '1', '--seed', '9', '--shrink'], broken, print), 1);
  t.ok(lines.includes('  replay: npm run sim -- --seed 9 --seeds 1 --shrink'));
  t.ok(lines.some((line) => /^seed 9: \d+ blows become \d+:$/.test(line)));
});

t.test('the command line refuses what it does not know', async (t) => {
  const wrong = [['--seeds', '0'], ['--seeds', 'x'], ['--seed', '-1'], ['--what'], ['x']];
  for (const args of [...wrong, ['--workers', '0'], ['--stack-every', 'x']]) {
    const lines: string[] = [];
    t.equal(await runCli(args, runTask, (line) => lines.push(line)), 2);
    t.match(lines, [/^usage: /]);
  }
});

t.test('a run set in which a fault never fires fails, and so does one that differs', async (t) => {
  const calm = await runTask({ world: 'core', seed: 1, unsafeMs: 1 });
  const lines: string[] = [];
  const print = (line: string): number => lines.push(line);
  t.equal(await runCli(['--seeds', '200'], async () => calm, print), 1);
  t.ok(lines.some((line) => line.startsWith('never happened in 200 seeds: N1, ')));

  let runs = 0;
  const fickle: RunTask = async () => {
    runs += 1;
    return { ...calm, traceHash: String(runs) };
  };
  t.equal(await runCli(['--seeds', '1', '--seed', '51'], fickle, print), 1);
  t.ok(lines.some((line) => line.includes('determinism')));
});

t.test(
  'every fifth seed runs whole nodes, and of these every fourth beyond the promise',
  async (t) => {
    const worlds = Array.from({ length: 80 }, (_, at) => worldOf(at + 1, STACK_EVERY));
    t.equal(worlds.filter((world) => world === 'stack').length, 12);
    t.equal(worlds.filter((world) => world === 'beyond').length, 4);
  },
);

t.test('docs/simulation.md names every kind of fault', async (t) => {
  const page = await readFile(join(import.meta.dirname, '../../../docs/simulation.md'), 'utf8');
  for (const id of FAULT_IDS) {
    const { what, leftOut }: FaultKind = FAULTS[id];
    const row = leftOut === undefined ? `| ${id} | ${what} |` : `| ${id} | ${what} | ${leftOut} |`;
    t.ok(page.includes(`${row}\n`), row);
  }
});

t.test('a failure shrinks to few blows, which still bring it about', async (t) => {
  // That a leader lacks what was committed takes more than that any log is good enough for it.
  const forgetful = await simulationWith(mutantOf('A8c'));
  const task = { world: 'core', seed: 64, unsafeMs: 30_000 } as const;
  const failed = await forgetful(task);
  t.ok(failed.violation);
  const { task: small, result } = await shrink(forgetful, task, failed);
  t.ok(result.struck.length < failed.struck.length);
  t.equal(result.violation?.property, failed.violation?.property);
  const again = await forgetful(small);
  t.same(again.violation, result.violation);
  t.same(scheduleOf(again), scheduleOf(result));
  for (const { name } of result.struck) {
    const { kinds = [], blows = [] } = small.leftOut ?? {};
    const without = await forgetful({ ...small, leftOut: { kinds, blows: [...blows, name] } });
    t.not(without.violation?.property, result.violation?.property, `${name} is needed`);
  }
});
