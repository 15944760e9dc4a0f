// `npm test`: every test file in a process of its own, some side by side. One line per file with its time; what a file that
// failed has told follows its line. `npm test -- WORDS` runs the files with one of these words in their path.
import { globSync } from 'node:fs';
import t from 'tap';
import { LONGEST_TESTS } from './longest-tests.ts';

const LANES = 2;
/** From the start of a process; a file that needs longer says so by `t.setTimeout`. */
const FILE_TIMEOUT_MS = 120_000;

const words = process.argv.slice(2);
const found = globSync('**/*.test.ts', { exclude: ['**/node_modules', '**/.tap'] }).sort();
const files = [
  ...LONGEST_TESTS.filter((file) => found.includes(file)),
  ...found.filter((file) => !LONGEST_TESTS.includes(file)),
].filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
if (files.length === 0) {
  process.stderr.write('No test file has one of these words in its path.\n');
  process.exit(1);
}

t.setTimeout(0);
t.jobs = LANES;
// What it tells of each assertion goes nowhere; a failure still ends this process with code 1.
t.register();
t.resume();
const failed = (await Promise.all(files.map(run))).filter((file) => file !== undefined);
for (const file of failed) print(`FAIL  ${file}`);
print(`${t.counts.pass} passed, ${Math.max(t.counts.fail, failed.length)} failed`);
if (failed.length > 0) process.exitCode = 1;

/** The answer is the file if it failed. */
async function run(file: string): Promise<string | undefined> {
  // tap has a process and all that it starts keep a record of modules, for coverage, which nobody reads: `env` takes
  // that away, so that nodes and agents run as they do for people, and start in less time.
  const options = `NODE_OPTIONS=${process.env['NODE_OPTIONS'] ?? ''}`;
  const running = t.spawn('env', [options, process.execPath, file], {
    name: file,
    buffered: true,
    timeout: FILE_TIMEOUT_MS,
    env: { ...process.env, TAP_TIMEOUT: String(FILE_TIMEOUT_MS / 1000) },
  });
  const { subtest } = running;
  if (subtest === null) throw new Error(`${file} was not started`);
  let [told, startedMs] = ['', 0];
  subtest.on('process', () => {
    startedMs = performance.now();
  });
  subtest.parser.on('line', (line) => {
    told += line;
  });
  const results = await running;
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(5);
  // A file without any assertion guards nothing.
  if (results?.ok && results.count > 0) {
    print(`ok   ${seconds} s  ${file}`);
    return undefined;
  }
  const { exitCode, signal } = subtest.options;
  print(`FAIL ${seconds} s  ${file}\n${told}ended with ${signal ?? `code ${exitCode}`}\n`);
  return file;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
