// `npm run sim`: the deterministic simulation of the cluster; with --exhaustive, every history of a small one.

import { runExhaustiveCli } from '../exhaustive/cli.ts';
import { runCli } from './cli.ts';
import { runSimulation } from './simulation.ts';

const print = (line: string): void => console.log(line);
const [first, ...others] = process.argv.slice(2);
process.exitCode =
  first === '--exhaustive'
    ? await runExhaustiveCli(others, print)
    : runCli(process.argv.slice(2), runSimulation, print);
