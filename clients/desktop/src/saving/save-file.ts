// Saves a received file into a directory: written under a temporary name, made durable, then given its
// name without ever taking the place of anything. Whoever runs the command writes, with their rights.

import { randomBytes } from 'node:crypto';
import { type FileHandle, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes } from '@rockpool/protocol';
import { syncDirectory } from '@rockpool/storage';
import { AgentError } from '../agent-errors.ts';
import { SLICE_BYTES_MAX } from '../control/frames.ts';
import { isDiskFull } from '../disk-full.ts';
import { numberedFileName, safeFileName } from './safe-file-name.ts';

const NAMES_TRIED_MAX = 10_000;
/** Of file systems that have no hard links. */
const NO_LINKS = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL'];

export interface Incoming {
  readonly name: string;
  readonly size: number;
  read(offset: number, length: number): Promise<Bytes>;
}

export interface SaveOptions {
  readonly directory: string;
  readonly over: AbortSignal;
  onBytes(bytes: number): void;
}

/** Resolves to the path. Rejects with SAVE_FULL or SAVE_FAILED; nothing of the file is left then. */
export async function saveFile(file: Incoming, options: SaveOptions): Promise<string> {
  const { directory } = options;
  const temporary = join(directory, `.rockpool-${randomBytes(8).toString('hex')}.part`);
  try {
    await mkdir(directory, { recursive: true });
    try {
      await write(temporary, file, options);
      const path = await giveName(temporary, directory, safeFileName(file.name));
      await syncDirectory(directory);
      return path;
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (error) {
    throw inWords(error, directory);
  }
}

async function write(path: string, file: Incoming, { over, onBytes }: SaveOptions): Promise<void> {
  // `wx`: made anew, never through a link that lies there.
  const handle = await open(path, 'wx');
  try {
    for (let offset = 0; offset < file.size; ) {
      over.throwIfAborted();
      const length = Math.min(SLICE_BYTES_MAX, file.size - offset);
      const bytes = await file.read(offset, length);
      if (bytes.length !== length) throw new AgentError('ENTRY_UNKNOWN');
      await writeAll(handle, bytes);
      offset += length;
      onBytes(offset);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeAll(handle: FileHandle, bytes: Bytes): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await handle.write(bytes, at)).bytesWritten;
  }
}

/** Linking fails where anything lies under the name, be it a link to nowhere. */
async function giveName(temporary: string, directory: string, name: string): Promise<string> {
  for (let number = 1; number <= NAMES_TRIED_MAX; number++) {
    const path = join(directory, numberedFileName(name, number));
    try {
      await link(temporary, path);
      return path;
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EEXIST') continue;
      if (!NO_LINKS.includes(code)) throw error;
      if (await claim(temporary, path)) return path;
    }
  }
  throw new AgentError('SAVE_FAILED', `${directory} holds too many files with the name ${name}.`);
}

/** Takes the name with an empty file of our own, which the whole one then replaces. */
async function claim(temporary: string, path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx')).close();
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
  await rename(temporary, path);
  return true;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** What the file system refuses is expected; everything else keeps its words. */
function inWords(error: unknown, directory: string): unknown {
  const code = codeOf(error);
  if (isDiskFull(error)) {
    return new AgentError('SAVE_FULL', directory, { cause: error });
  }
  if (!/^E[A-Z0-9]+$/.test(code)) return error;
  return new AgentError('SAVE_FAILED', `${directory}: ${code}.`, { cause: error });
}
