// `npm run sim`: the deterministic simulation of the cluster; with --exhaustive, every history of a small one; with
// --mutants, both against mistakes.

import { runExhaustiveCli } from '../exhaustive/cli.ts';
import { runMutantsCli } from '../mutants/cli.ts';
import { runCli } from './cli.ts';
import { runSimulation } from './simulation.ts';

const print = (line: string): void => console.log(line);
const args = process.argv.slice(2);

function run(): number | Promise<number> {
  if (args[0] === '--exhaustive') return runExhaustiveCli(args.slice(1), print);
  if (args[0] === '--mutants') return runMutantsCli(args.slice(1), print);
  return runCli(args, runSimulation, print);
}

process.exitCode = await run();
