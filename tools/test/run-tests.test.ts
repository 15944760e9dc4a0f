// What runs the tests must not take a failure for a success, however a file fails.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { LONGEST_TESTS } from '../longest-tests.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const RUN_TESTS = join(ROOT, 'tools', 'run-tests.ts');
const TAP = "import t from 'tap';\n";
const HOLDS = `${TAP}t.pass();\n`;

/** Runs the test files of a directory. */
function runTests(cwd: string, words: readonly string[] = []) {
  return new Promise<{ code: unknown; out: string; errors: string }>((resolve) => {
    execFile(process.execPath, [RUN_TESTS, ...words], { cwd }, (error, out, errors) => {
      resolve({ code: error?.code ?? 0, out, errors });
    });
  });
}

t.test('the files asked for run, in processes without what the runner loads', async (t) => {
  const given = JSON.stringify(process.env['NODE_OPTIONS'] ?? '');
  const plain = `${TAP}t.equal(process.env.NODE_OPTIONS, ${given});\nt.same(process.execArgv, []);\n`;
  const below = { 'two.test.ts': HOLDS, 'three.test.ts': HOLDS };
  const cwd = t.testdir({ 'one.test.ts': plain, test: below });
  const { code, out } = await runTests(cwd, ['one', 'two']);
  t.equal(code, 0);
  t.match(out, /^3 passed, 0 failed$/m);
  t.match(out, /^ok +\d+\.\d s {2}one\.test\.ts$/m);
  t.match(out, /^ok +\d+\.\d s {2}test\/two\.test\.ts$/m);
  t.notMatch(out, /three/);
  t.match(await runTests(cwd, ['four']), { code: 1, errors: /No test file/ });
});

const FAILING: Readonly<Record<string, [source: string, told: RegExp]>> = {
  assertion: [`${TAP}t.equal(1, 2);\n`, /not ok 1 - should be equal/],
  'late-error': [`${HOLDS}setTimeout(() => { throw new Error('late'); });\n`, /not ok 2 - late/],
  'exit-code': [`${HOLDS}process.exitCode = 3;\n`, /ended with code 3/],
  death: [`${HOLDS}process.kill(process.pid, 'SIGKILL');\n`, /ended with SIGKILL/],
  endless: [
    `${TAP}t.setTimeout(100);\nt.test(() => new Promise(() => setInterval(() => {}, 60_000)));\n`,
    /not ok 1 - timeout!/,
  ],
};

t.test('a file that fails, in whatever way, fails the run, which goes on', async (t) => {
  const files = Object.entries(FAILING).map(([name, [source]]) => [`${name}.test.ts`, source]);
  const cwd = t.testdir({ ...Object.fromEntries(files), 'well.test.ts': HOLDS });
  const { code, out } = await runTests(cwd);
  t.equal(code, 1);
  for (const [name, [, told]] of Object.entries(FAILING)) {
    const from = out.search(new RegExp(`^FAIL +\\d+\\.\\d s {2}${name}\\.test\\.ts$`, 'm'));
    t.not(from, -1, name);
    t.match(out.slice(from, out.indexOf('\nended with ', from) + 30), told);
    t.match(out, new RegExp(`^FAIL {2}${name}\\.test\\.ts$`, 'm'), 'it is named again at the end');
  }
  t.match(out, /^ok .*well\.test\.ts$/m);
  t.match(out, /^\d+ passed, [5-9] failed$/m);
});

t.test('a file without any assertion fails', async (t) => {
  const { code, out } = await runTests(t.testdir({ 'empty.test.ts': '' }));
  t.equal(code, 1);
  t.match(out, /^0 passed, 1 failed$/m);
});

t.test('what begins first is there', async (t) => {
  for (const file of LONGEST_TESTS) t.ok(existsSync(join(ROOT, file)), file);
});
