// Writes docs/errors.md from the error table: `npx node tools/errors-doc.ts --write`. Without the flag it
// prints the page.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS } from '../protocol/src/errors.ts';
import { renderErrorPage } from './rules/error-table.ts';

const page = renderErrorPage(ERRORS);
if (process.argv.includes('--write')) {
  writeFileSync(join(import.meta.dirname, '..', 'docs', 'errors.md'), page);
} else {
  process.stdout.write(page);
}
