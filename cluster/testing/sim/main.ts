// `npm run sim -- --seeds N [--seed S] [--json]`: the deterministic simulation of the cluster.

import { runCli } from './cli.ts';
import { runSimulation } from './simulation.ts';

process.exitCode = runCli(process.argv.slice(2), runSimulation, (line) => console.log(line));
