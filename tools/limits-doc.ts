// Writes docs/limits.md from the protocol's limits: `npx node tools/limits-doc.ts --write`. Without the
// flag it prints the page.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as limits from '../protocol/src/limits.ts';
import { renderLimitPage } from './rules/limit-table.ts';

const root = join(import.meta.dirname, '..');
const source = readFileSync(join(root, 'protocol', 'src', 'limits.ts'), 'utf8');
const page = renderLimitPage(source, limits);
if (process.argv.includes('--write')) writeFileSync(join(root, 'docs', 'limits.md'), page);
else process.stdout.write(page);
