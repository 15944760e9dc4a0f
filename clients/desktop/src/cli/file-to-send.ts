// A file on its way out, opened and looked at before anything is offered.

import { constants, type FileHandle, open } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Bytes } from '@rockpool/protocol';
import { AgentError } from '../agent-errors.ts';

export interface FileToSend {
  /** As the person named it. */
  readonly path: string;
  readonly name: string;
  readonly size: number;
  /** Undefined where the file became shorter. */
  read(offset: number, length: number): Promise<Bytes | undefined>;
  close(): Promise<void>;
}

/** Rejects with SEND_UNREADABLE. */
export async function openFileToSend(path: string): Promise<FileToSend> {
  let handle: FileHandle | undefined;
  try {
    // Without it, opening a pipe would wait for a writer.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) {
      throw new AgentError(
        'SEND_UNREADABLE',
        `${path} is ${stats.isDirectory() ? 'a folder' : 'no file'}.`,
      );
    }
    return fileOf(path, handle, stats.size);
  } catch (error) {
    await handle?.close();
    if (error instanceof AgentError) throw error;
    const why = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new AgentError('SEND_UNREADABLE', `${path}: ${why}.`, { cause: error });
  }
}

function fileOf(path: string, handle: FileHandle, size: number): FileToSend {
  return {
    path,
    name: basename(path),
    size,
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        const { bytesRead } = await handle.read(bytes, at, length - at, offset + at);
        if (bytesRead === 0) return undefined;
        at += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}
