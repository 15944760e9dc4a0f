// Which tests of a file fail when a mutant stands in the place of the real source: a process for each file.

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';

const TESTS = join(import.meta.dirname, '..', '..', 'test');
const PRELOAD = join(import.meta.dirname, 'preload.ts');
const TIMEOUT_MS = 120_000;
/** A test that quotes a behaviour, in TAP. */
const FAILED = /^not ok \d+ - (\[.+?)(?: # time=.*)?$/;

/** Their titles. */
export async function testsThatFail({ id, tests = [] }: Mutant): Promise<readonly string[]> {
  const failing = await Promise.all(tests.map((file) => titlesOf(id, file)));
  return failing.flat();
}

function titlesOf(id: string, file: string): Promise<readonly string[]> {
  const args = ['--import', PRELOAD, join(TESTS, file)];
  const env = { ...process.env, MUTANT: id, TAP: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env, timeout: TIMEOUT_MS }, (_error, stdout) => {
      const titles = stdout.split('\n').flatMap((line) => FAILED.exec(line)?.[1] ?? []);
      resolve(titles.map((title) => title.replaceAll('\\', '')));
    });
  });
}
