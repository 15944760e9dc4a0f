// The command line of the exhaustive check: the bounds, how far it got, and the exit code.

import { parseArgs } from 'node:util';
import type { Bounds } from './bounds.ts';
import { explore } from './explore.ts';
import { openCore } from './opened-core.ts';
import { LED, UNTOUCHED } from './world.ts';

const DEFAULTS: Bounds = {
  campaigns: 1,
  heartbeats: 0,
  quorumChecks: 0,
  proposals: 1,
  crashes: 1,
  transfers: 0,
  changes: 0,
  writing: 0,
};
const COUNT_MAX = 15;
const STATES_DEFAULT = 10_000_000;
const STATES_MAX = 1_000_000_000;

const USAGE = `usage: npm run sim -- --exhaustive [--states N]
  [${Object.entries(DEFAULTS)
    .map(([name, value]) => `--${name} ${value}`)
    .join('] [')}]`;

type Print = (line: string) => void;

function optionsOf(args: string[]): { bounds: Bounds; statesMax: number } | undefined {
  const names = ['states', ...Object.keys(DEFAULTS)];
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  try {
    const { values } = parseArgs({ args, options });
    const number = (name: string, fallback: number, max: number): number => {
      const text = values[name] ?? String(fallback);
      if (!/^\d{1,10}$/.test(text) || Number(text) > max) throw new Error(name);
      return Number(text);
    };
    const bounds = Object.entries(DEFAULTS).map(([name, value]) => [
      name,
      number(name, value, COUNT_MAX),
    ]);
    const statesMax = number('states', STATES_DEFAULT, STATES_MAX);
    return { bounds: { ...DEFAULTS, ...Object.fromEntries(bounds) }, statesMax };
  } catch {
    return undefined;
  }
}

/** 0: every invariant holds in every state that was reached; 1: a violation; 2: not a command of ours. */
export async function runExhaustiveCli(args: string[], print: Print): Promise<number> {
  const options = optionsOf(args);
  if (options === undefined) {
    print(USAGE);
    return 2;
  }
  const startedMs = performance.now();
  const seconds = (): string => `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
  const createRaft = await openCore('real', (_file, source) => source);
  const world = options.bounds.changes > 0 ? LED : UNTOUCHED;
  const { states, statesUnnamed, transitions, depth, isComplete, violation } = explore(createRaft, {
    ...options,
    world,
    onDepth: (reached, seen) => print(`${seen} states within ${reached} inputs, ${seconds()}`),
  });
  print(
    `${states} states (${statesUnnamed} with the names of the nodes), ${transitions} transitions, depth ${depth}, ${seconds()}`,
  );
  if (violation !== undefined) {
    print(`violated: ${violation.invariant}`);
    for (const line of violation.history) print(`  ${line}`);
    return 1;
  }
  print(
    isComplete
      ? 'every history within the bounds holds every invariant'
      : `stopped: every history of up to ${depth} inputs holds every invariant, longer ones are open`,
  );
  return 0;
}
