// `npm run bench`: each bench beside its peers, all of them started and stopped here. A table for people, or with --json one line for programs; the result is
// kept in bench/results. Exit codes: 0 measured, 1 a measurement failed, 2 asked for what is not known or
// cannot be run on this machine.
import { mkdir, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { failoverBench } from './src/failover/failover-bench.ts';
import { groupsBench } from './src/groups/groups-bench.ts';
import { type Bench, type Extent, USUAL_EXTENT } from './src/harness/bench.ts';
import { interleavedRounds, type Rounds } from './src/harness/interleaved-rounds.ts';
import { describeCommit, describeMachine } from './src/harness/machine.ts';
import { type BenchResult, resultOf } from './src/harness/result.ts';
import { tableOf } from './src/harness/table.ts';
import { raftBench } from './src/raft/raft-bench.ts';
import { reconnectBench } from './src/reconnect/reconnect-bench.ts';
import { signalBench } from './src/signal/signal-bench.ts';
import { stunBench } from './src/stun/stun-bench.ts';
import { transferBench } from './src/transfer/transfer-bench.ts';

const BENCHES: readonly Bench[] = [
  raftBench,
  failoverBench,
  groupsBench,
  reconnectBench,
  signalBench,
  stunBench,
  transferBench,
];
const RESULTS = join(import.meta.dirname, 'results');
const ROUNDS_MAX = 100;
const SECONDS_MAX = 600;
const USUAL_ROUNDS = 5;
const KILLS_MAX = 1_000;
const MINUTES_MAX = 600;
const USAGE = `usage: npm run bench -- NAME … [--json] [--rounds 5] [--seconds 4] | --list

  NAME         what to measure; --list names them all
  --json       one line for programs; the result lies in bench/results either way
  --rounds N   rounds of each contestant, in turn
  --seconds N  how long a measurement of a round lasts
  --kills N    failover: leaders killed (${USUAL_EXTENT.kills})
  --minutes N  failover: full load in which no leader may change (${USUAL_EXTENT.minutes})`;

// A signal's own end would leave the children behind: they are ended at "exit".
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
}
process.exitCode = await main();

async function main(): Promise<number> {
  const asked = readArguments();
  if (asked === undefined) return 2;
  if (asked.help) {
    print(USAGE);
    return 0;
  }
  if (asked.list || asked.names.length === 0) {
    for (const { name, summary } of BENCHES) print(`${name.padEnd(10)} ${summary}`);
    if (!asked.list) complain(USAGE);
    return asked.list ? 0 : 2;
  }
  const unknown = asked.names.filter((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown.length > 0) {
    complain(`no bench is called ${unknown.join(', ')}; -- --list names them all`);
    return 2;
  }
  const chosen = BENCHES.filter(({ name }) => asked.names.includes(name));
  for (const bench of chosen) {
    const missing = await bench.lacks();
    if (missing === undefined) continue;
    complain(`${bench.name} cannot be run here: ${missing}`);
    return 2;
  }
  try {
    for (const bench of chosen) {
      const result = await run(bench, asked);
      print(asked.json ? JSON.stringify(result) : tableOf(result));
    }
    return 0;
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

interface Asked {
  readonly names: readonly string[];
  readonly json: boolean;
  readonly list: boolean;
  readonly help: boolean;
  /** As many as the bench usually takes, where nobody says. */
  readonly rounds: number | undefined;
  readonly seconds: number;
  readonly extent: Extent;
}

function readArguments(): Asked | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
        rounds: { type: 'string' },
        seconds: { type: 'string', default: '4' },
        kills: { type: 'string', default: `${USUAL_EXTENT.kills}` },
        minutes: { type: 'string', default: `${USUAL_EXTENT.minutes}` },
      },
    });
    const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
    const seconds = Number(values.seconds);
    const kills = Number(values.kills);
    const minutes = Number(values.minutes);
    const { json, list, help } = values;
    const isWithin =
      (rounds === undefined || isCount(rounds, ROUNDS_MAX)) &&
      isCount(seconds, SECONDS_MAX) &&
      isCount(kills, KILLS_MAX) &&
      isCount(minutes, MINUTES_MAX);
    const extent = { kills, minutes };
    if (isWithin) return { names: positionals, json, list, help, rounds, seconds, extent };
    complain(
      `rounds are 1 to ${ROUNDS_MAX}, seconds 1 to ${SECONDS_MAX}, kills 1 to ${KILLS_MAX}, minutes 1 to ${MINUTES_MAX}`,
    );
  } catch (error) {
    const [what] = (error instanceof Error ? error.message : String(error)).split(/(?<=\.) /);
    complain(what ?? '');
  }
  complain(USAGE);
  return undefined;
}

function isCount(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= max;
}

async function run(bench: Bench, asked: Asked): Promise<BenchResult> {
  const { seconds, extent } = asked;
  const rounds = asked.rounds ?? bench.usualRounds ?? USUAL_ROUNDS;
  const machine = describeMachine();
  const commit = await describeCommit();
  const { contestants, samples } = await measured(bench, { rounds, seconds, extent });
  const result = resultOf({
    name: bench.name,
    contestants,
    ratios: bench.ratios,
    samples,
    rounds,
    seconds,
    machine,
    commit,
    date: new Date().toISOString(),
  });
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, `${bench.name}.json`), `${JSON.stringify(result, null, 2)}\n`);
  return result;
}

async function measured(bench: Bench, rounds: Rounds) {
  try {
    const contestants = await bench.contestants();
    return { contestants, samples: await interleavedRounds(contestants, rounds, complain) };
  } finally {
    await bench.discard?.();
  }
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Progress and errors: standard output is for results alone. */
function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}
