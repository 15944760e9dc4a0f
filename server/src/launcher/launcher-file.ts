// launcher.json in the data directory: which ports the nodes of this machine have. It also marks the
// directory as Rockpool's, so that --fresh never wipes anything else.

import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LauncherError } from './launcher-error.ts';

const FILE = 'launcher.json';

export interface LocalNode {
  readonly name: string;
  readonly httpPort: number;
  readonly peerPort: number;
  readonly metricsPort: number;
  readonly stunPort: number;
}

export interface LauncherFile {
  readonly version: 1;
  readonly nodes: readonly LocalNode[];
}

/** Undefined: no such file. Throws with plain words when the file is not ours to read. */
export function readLauncherFile(dataDir: string): LauncherFile | undefined {
  const path = join(dataDir, FILE);
  if (!existsSync(path)) return undefined;
  const parsed = parse(readFileSync(path, 'utf8'));
  if (parsed === undefined) {
    throw new LauncherError(
      'LAUNCHER_DATA_VERSION',
      `${path} was written by another version of Rockpool. Start with --fresh.`,
    );
  }
  return parsed;
}

export function writeLauncherFile(dataDir: string, file: LauncherFile): void {
  const path = join(dataDir, FILE);
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
}

/** May --fresh wipe this directory? Only what a launcher made, or nothing at all. */
export function isLauncherDirectory(dataDir: string): boolean {
  if (!existsSync(dataDir)) return true;
  return existsSync(join(dataDir, FILE)) || readdirSync(dataDir).length === 0;
}

function parse(text: string): LauncherFile | undefined {
  try {
    const file: unknown = JSON.parse(text);
    if (typeof file !== 'object' || file === null) return undefined;
    const { version, nodes } = file as Record<'version' | 'nodes', unknown>;
    if (version !== 1 || !Array.isArray(nodes) || !nodes.every(isLocalNode)) return undefined;
    return { version, nodes };
  } catch {
    return undefined;
  }
}

function isLocalNode(value: unknown): value is LocalNode {
  if (typeof value !== 'object' || value === null) return false;
  const { name, ...ports } = value as Record<string, unknown>;
  const wanted = ['httpPort', 'peerPort', 'metricsPort', 'stunPort'];
  return typeof name === 'string' && wanted.every((port) => Number.isInteger(ports[port]));
}
