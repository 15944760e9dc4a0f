// `npx node cluster/testing/scenarios/main.ts [--rewrite]`: plays every scenario. What left another trace
// than its file says is named, or with --rewrite written down: read the difference before you commit it.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runScenario } from './run-scenario.ts';

const DIRECTORY = join(import.meta.dirname, '..', '..', 'test', 'scenarios');
const isRewriting = process.argv.includes('--rewrite');

for (const name of readdirSync(DIRECTORY).filter((name) => name.endsWith('.txt'))) {
  const path = join(DIRECTORY, name);
  const text = readFileSync(path, 'utf8');
  try {
    const played = runScenario(text);
    if (played === text) continue;
    if (isRewriting) writeFileSync(path, played);
    else process.exitCode = 1;
    console.log(`${isRewriting ? 'rewritten' : 'another trace'}: ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`${name}: ${error instanceof Error ? error.message : error}`);
  }
}
