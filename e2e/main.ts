// `npm run e2e`: the journeys, one after another, each on a cluster of its own.
// Exit codes: 0 all passed, 1 one failed, 2 asked for what is not known or cannot be played on this machine.
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type Journey, play } from './kit/journey.ts';
import { loadJourneys } from './kit/load-journeys.ts';

const USAGE = `usage: npm run e2e -- [NAME …] [--shots DIR] [--minutes N] [--seed N] [--pairs WORDS] [--write] | --list

  NAME           journeys to play; without one, all that play on every machine
  --list         names them all
  --shots DIR    where their pictures go
  --minutes N    how long chaos and disk last
  --seed N       what chaos and disk do, again
  --pairs WORDS  rows of nat, by words in their names
  --write        nat writes its page in docs/
`;

const { values, positionals: names } = read();
const options = {
  shotsDirectory: values.shots === undefined ? undefined : resolve(values.shots),
  minutes: numberOf(values.minutes),
  seed: numberOf(values.seed),
  pairs: values.pairs,
  write: values.write,
};
const journeys = await loadJourneys();
const unknown = names.filter((name) => !journeys.some((journey) => journey.name === name));

if (values.help) {
  process.stdout.write(USAGE);
} else if (values.list) {
  for (const { name, summary, lacks } of journeys) {
    print(`${name.padEnd(20)} ${summary}${lacks === undefined ? '' : ' (by name only)'}`);
  }
} else if (Number.isNaN(options.minutes) || Number.isNaN(options.seed)) {
  print('--minutes and --seed are numbers above zero');
  process.exitCode = 2;
} else if (options.pairs !== undefined && options.write) {
  print('--write keeps the whole table, so it goes without --pairs');
  process.exitCode = 2;
} else if (unknown.length > 0) {
  print(`no journey is called ${unknown.join(', ')}; -- --list names them all`);
  process.exitCode = 2;
} else {
  const chosen = journeys.filter((journey) =>
    names.length === 0 ? journey.lacks === undefined : names.includes(journey.name),
  );
  const lacking = await whatIsMissing(chosen);
  if (lacking.length > 0) {
    for (const line of lacking) print(line);
    process.exitCode = 2;
  } else {
    let failed = 0;
    for (const journey of chosen) failed += (await play(journey, options, print)) ? 0 : 1;
    print(`${chosen.length - failed} passed, ${failed} failed`);
    process.exitCode = failed === 0 ? 0 : 1;
  }
}

/** Ends the process, with what is wrong and the usage, where the words are not understood. */
function read() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        list: { type: 'boolean' },
        shots: { type: 'string' },
        minutes: { type: 'string' },
        seed: { type: 'string' },
        pairs: { type: 'string' },
        write: { type: 'boolean', default: false },
      },
    });
  } catch (error) {
    const [what] = (error instanceof Error ? error.message : String(error)).split(/(?<=\.) /);
    process.stderr.write(`${what}\n${USAGE}`);
    process.exit(2);
  }
}

/** One line for each journey that this machine cannot play. */
async function whatIsMissing(journeys: readonly Journey[]): Promise<string[]> {
  const lines: string[] = [];
  for (const { name, lacks } of journeys) {
    const missing = await lacks?.();
    if (missing !== undefined) lines.push(`${name} cannot be played here: ${missing}`);
  }
  return lines;
}

function numberOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return Number(text) > 0 ? Number(text) : Number.NaN;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
