// Writes docs/raft-conformance.md from the titles of the tests: `npx node tools/raft-conformance-doc.ts --write`.
// Without the flag it prints the page.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RAFT_BEHAVIOURS } from './raft-behaviours.ts';
import { renderConformancePage } from './rules/raft-conformance.ts';
import { readRepository } from './rules/repository.ts';

const root = join(import.meta.dirname, '..');
const page = renderConformancePage(readRepository(root), RAFT_BEHAVIOURS);
if (process.argv.includes('--write')) {
  writeFileSync(join(root, 'docs', 'raft-conformance.md'), page);
} else {
  process.stdout.write(page);
}
