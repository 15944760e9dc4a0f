// Random-access files in the origin private file system. Synchronous access handles exist only in
// workers; they write in place, where a main-thread stream would copy the whole file at each close.

import { BLOB_FOLDER, type BlobAnswer, type BlobRequest } from './blob-messages.ts';

/** Open files at once; the least recently used is closed first. */
const HANDLES_MAX = 16;

const LOCKED_TRIES_MAX = 20;
const LOCKED_RETRY_MS = 100;

const handles = new Map<string, FileSystemSyncAccessHandle>();
let folder: Promise<FileSystemDirectoryHandle> | undefined;
/** Requests run one after another: a handle can be opened only once. */
let last: Promise<void> = Promise.resolve();

self.onmessage = (event: MessageEvent<BlobRequest>) => {
  last = last.then(() => answer(event.data));
};

async function answer(request: BlobRequest): Promise<void> {
  let reply: BlobAnswer;
  const transfer: Transferable[] = [];
  try {
    reply = await run(request);
    if (reply.ok && reply.data !== undefined) transfer.push(reply.data.buffer as ArrayBuffer);
  } catch (cause) {
    const full = cause instanceof DOMException && cause.name === 'QuotaExceededError';
    reply = { id: request.id, ok: false, full, message: String(cause) };
  }
  self.postMessage(reply, { transfer });
}

async function run(request: BlobRequest): Promise<BlobAnswer> {
  const { id, name } = request;
  switch (request.op) {
    case 'write': {
      const handle = await open(name, true);
      let done = 0;
      while (handle !== undefined && done < request.data.length) {
        const rest = request.data.subarray(done) as Uint8Array<ArrayBuffer>;
        const written = handle.write(rest, { at: request.offset + done });
        if (written === 0) throw new DOMException('no room left', 'QuotaExceededError');
        done += written;
      }
      return { id, ok: true };
    }
    case 'read': {
      const data = new Uint8Array(request.length);
      const read = (await open(name, false))?.read(data, { at: request.offset }) ?? 0;
      return { id, ok: true, data: read === data.length ? data : data.slice(0, read) };
    }
    case 'size': {
      const handle = await open(name, false);
      return handle === undefined ? { id, ok: true } : { id, ok: true, size: handle.getSize() };
    }
    case 'flush':
      // A handle that was closed meanwhile was flushed then.
      handles.get(name)?.flush();
      return { id, ok: true };
    case 'release':
      release(name);
      return { id, ok: true };
    case 'remove':
      release(name);
      await (await root()).removeEntry(name).catch(ignoreMissing);
      return { id, ok: true };
  }
}

function root(): Promise<FileSystemDirectoryHandle> {
  folder ??= navigator.storage
    .getDirectory()
    .then((top) => top.getDirectoryHandle(BLOB_FOLDER, { create: true }));
  return folder;
}

async function open(
  name: string,
  create: boolean,
): Promise<FileSystemSyncAccessHandle | undefined> {
  const known = handles.get(name);
  if (known !== undefined) {
    handles.delete(name);
    handles.set(name, known);
    return known;
  }
  const file = await (await root()).getFileHandle(name, { create }).catch(ignoreMissing);
  if (file === undefined) return undefined;
  const handle = await accessHandle(file);
  handles.set(name, handle);
  const [oldest] = handles.keys();
  if (handles.size > HANDLES_MAX && oldest !== undefined) release(oldest);
  return handle;
}

/** The tab from which this one has just taken over may hold the file for another moment. */
async function accessHandle(file: FileSystemFileHandle): Promise<FileSystemSyncAccessHandle> {
  for (let tries = 1; ; tries++) {
    try {
      return await file.createSyncAccessHandle();
    } catch (cause) {
      const locked = cause instanceof DOMException && cause.name === 'NoModificationAllowedError';
      if (!locked || tries === LOCKED_TRIES_MAX) throw cause;
      await new Promise((resolve) => setTimeout(resolve, LOCKED_RETRY_MS));
    }
  }
}

function release(name: string): void {
  const handle = handles.get(name);
  if (handle === undefined) return;
  handles.delete(name);
  handle.flush();
  handle.close();
}

function ignoreMissing(cause: unknown): undefined {
  if (cause instanceof DOMException && cause.name === 'NotFoundError') return undefined;
  throw cause;
}
