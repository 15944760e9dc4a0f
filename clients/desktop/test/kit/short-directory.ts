import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory for data with a socket in it: the path of a socket has to be short. */
export function shortDirectory(test: { teardown(end: () => void): unknown }): string {
  const directory = mkdtempSync(join(tmpdir(), 'rockpool-'));
  test.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
