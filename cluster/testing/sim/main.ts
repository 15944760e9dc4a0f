// `npm run sim`: the deterministic simulation of the cluster, on all cores; with --exhaustive, every history of a
// small one; with --mutants, both against mistakes.

import { availableParallelism } from 'node:os';
import { runExhaustiveCli } from '../exhaustive/cli.ts';
import { runMutantsCli } from '../mutants/cli.ts';
import { parseCommand, runCli } from './cli.ts';
import { WorkerPool } from './worker-pool.ts';

const print = (line: string): void => console.log(line);
const args = process.argv.slice(2);

async function runSeedsOnAllCores(): Promise<number> {
  const pool = new WorkerPool(parseCommand(args)?.workers ?? availableParallelism());
  try {
    return await runCli(args, (task) => pool.run(task), print, pool.size);
  } finally {
    await pool.stop();
  }
}

function run(): number | Promise<number> {
  if (args[0] === '--exhaustive') return runExhaustiveCli(args.slice(1), print);
  if (args[0] === '--mutants') return runMutantsCli(args.slice(1), print);
  return runSeedsOnAllCores();
}

process.exitCode = await run();
