// Writes docs/errors.md from the error tables: `npx node tools/errors-doc.ts --write`. Without the flag it
// prints the page.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderErrorPage } from './rules/error-table.ts';
import { ERROR_TABLES } from './tables.ts';

const page = renderErrorPage(ERROR_TABLES);
if (process.argv.includes('--write')) {
  writeFileSync(join(import.meta.dirname, '..', 'docs', 'errors.md'), page);
} else {
  process.stdout.write(page);
}
