// Where and of what a result was taken, so that nobody compares figures of two machines by mistake.
import { execFile } from 'node:child_process';
import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const GIT_TIMEOUT_MS = 10_000;
const GIBIBYTE = 2 ** 30;

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  /** Processes that wanted a core in the minute before: much more than 0 means that others worked too. */
  readonly loadBefore: number;
}

export interface Commit {
  readonly hash: string;
  /** Whether files other than results differed from the commit. */
  readonly changed: boolean;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGib: Math.round(totalmem() / GIBIBYTE),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    loadBefore: Number((loadavg()[0] ?? 0).toFixed(2)),
  };
}

/** Undefined outside a clone, or without git. */
export async function describeCommit(): Promise<Commit | undefined> {
  try {
    const hash = (await git('rev-parse', 'HEAD')).trim();
    const status = await git('status', '--porcelain', '--', '.', ':!bench/results');
    return { hash, changed: status.trim() !== '' };
  } catch {
    return undefined;
  }
}

async function git(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', args, { cwd: ROOT, timeout: GIT_TIMEOUT_MS });
  return stdout;
}
