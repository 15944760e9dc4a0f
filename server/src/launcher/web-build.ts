// Builds the web client when it is missing or older than its sources. Content decides, not times: a
// fresh clone has new times and the same files. The build goes to a directory of its own and is then
// put in place in one step, so that a running cluster never serves half of it.

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { LauncherError } from './launcher-error.ts';

const STAMP = '.rockpool-build';
const SOURCES = [
  'package-lock.json',
  'protocol/src',
  'clients/core/src',
  'clients/web/src',
  'clients/web/public',
  'clients/web/index.html',
  'clients/web/package.json',
  'clients/web/vite.config.ts',
];
const OUTPUT_CHARACTERS_MAX = 20_000;

/** True when it had to build. Rejects with the build's own words. */
export async function buildWebClient(root: string, starting: () => void): Promise<boolean> {
  const dist = join(root, 'clients', 'web', 'dist');
  const wanted = sourceHash(root);
  if (existsSync(join(dist, 'index.html')) && readStamp(dist) === wanted) return false;
  starting();
  const draft = join(root, 'node_modules', '.cache', `rockpool-web-${process.pid}`);
  mkdirSync(join(root, 'node_modules', '.cache'), { recursive: true });
  try {
    await runVite(root, draft);
    writeFileSync(join(draft, STAMP), `${wanted}\n`);
    rmSync(dist, { recursive: true, force: true });
    renameSync(draft, dist);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return true;
}

/** One hash over names and contents of everything that the build reads. */
export function sourceHash(root: string): string {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const file of filesOf(root, source)) {
      const content = readFileSync(join(root, file));
      hash.update(`${file}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}

function filesOf(root: string, path: string): readonly string[] {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  try {
    const entries = readdirSync(full, { withFileTypes: true, recursive: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
      .sort();
  } catch {
    return [path]; // a file, not a directory
  }
}

function readStamp(dist: string): string | undefined {
  const path = join(dist, STAMP);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}

function runVite(root: string, outDir: string): Promise<void> {
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const args = [vite, 'build', '--outDir', outDir, '--emptyOutDir', '--logLevel', 'warn'];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, {
      cwd: join(root, 'clients', 'web'),
      env: { ...process.env, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS_MAX);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else
        reject(
          new LauncherError(
            'LAUNCHER_BUILD_FAILED',
            `${output.trim()}\nThe web client could not be built.`,
          ),
        );
    });
  });
}
