// `npm run check`: everything about the source that is decided without running it. One line per check with
// its time; what failed is printed in full at the end.
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { RAFT_BEHAVIOURS } from './raft-behaviours.ts';
import { allRules } from './rules/all-rules.ts';
import { formatFinding, readRepository } from './rules/repository.ts';
import { typeScriptProjects } from './rules/type-check-coverage.ts';
import { ERROR_TABLES, LIMIT_TABLE } from './tables.ts';

const LANES_MAX = 4;
const ROOT = join(import.meta.dirname, '..');

interface Check {
  readonly name: string;
  run(): Promise<Outcome>;
}

interface Outcome {
  readonly ok: boolean;
  readonly output: string;
}

const repository = readRepository(ROOT);
const checks: Check[] = [
  { name: 'format and lint (biome)', run: () => tool('biome', ['check', '--error-on-warnings']) },
  { name: 'unused code (knip)', run: () => tool('knip', ['--no-progress']) },
  ...typeScriptProjects(repository).map(({ path }) => ({
    name: `types (${path})`,
    run: () => tool('tsc', ['--project', path, '--pretty', 'false']),
  })),
  ...allRules(ERROR_TABLES, LIMIT_TABLE, RAFT_BEHAVIOURS).map((rule) => ({
    name: rule.name,
    run: () => {
      const findings = rule.check(repository);
      return Promise.resolve({
        ok: findings.length === 0,
        output: findings.map(formatFinding).join('\n'),
      });
    },
  })),
];

const failures = await runAll(checks);
for (const { name, output } of failures) process.stdout.write(`\n--- ${name}\n${output}\n`);
process.stdout.write(`\n${checks.length - failures.length} passed, ${failures.length} failed\n`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function runAll(all: readonly Check[]): Promise<{ name: string; output: string }[]> {
  const waiting = [...all];
  const failed: { name: string; output: string }[] = [];
  const lane = async (): Promise<void> => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const started = performance.now();
      const { ok, output } = await check.run();
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${seconds.padStart(5)} s  ${check.name}\n`);
      if (!ok) failed.push({ name: check.name, output });
    }
  };
  const lanes = Math.min(LANES_MAX, availableParallelism());
  await Promise.all(Array.from({ length: lanes }, lane));
  return failed;
}

function tool(name: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(join(ROOT, 'node_modules', '.bin', name), args, {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output: output.trim() }));
  });
}
