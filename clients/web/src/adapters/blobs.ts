import type { BlobPort } from '@rockpool/client-core';
import { BLOB_FOLDER, type BlobAnswer, type BlobRequest } from './blob-messages.ts';
import workerUrl from './blob-worker.ts?worker&url';
import { trustedWorkerUrl } from './trusted-types.ts';

export interface BrowserBlobs extends BlobPort {
  /** The content as a File that the browser reads from disk; undefined where there is none. */
  asFile(name: string): Promise<File | undefined>;
  /** Ends the worker: its open files are free for another tab. Requests that wait are refused. */
  close(): void;
}

/** Rejections carry this name when the disk or the browser's quota is full. */
const QUOTA_ERROR = 'QuotaExceededError';

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never;
interface Waiting {
  resolve(answer: Extract<BlobAnswer, { ok: true }>): void;
  reject(error: Error): void;
}

export function browserBlobs(): BrowserBlobs {
  const worker = new Worker(trustedWorkerUrl(workerUrl), { type: 'module' });
  const waiting = new Map<number, Waiting>();
  let next = 0;

  worker.onmessage = (event: MessageEvent<BlobAnswer>) => {
    const answer = event.data;
    const caller = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.ok) caller?.resolve(answer);
    else if (answer.full) caller?.reject(new DOMException(answer.message, QUOTA_ERROR));
    else caller?.reject(new Error(answer.message));
  };
  const refuseAll = (reason: string) => {
    for (const caller of waiting.values()) caller.reject(new Error(reason));
    waiting.clear();
  };
  worker.onerror = (event) => refuseAll(event.message);
  let closed = false;

  const ask = (request: WithoutId<BlobRequest>) =>
    new Promise<Extract<BlobAnswer, { ok: true }>>((resolve, reject) => {
      if (closed) return reject(new Error('the files belong to another tab now'));
      const id = next++;
      waiting.set(id, { resolve, reject });
      worker.postMessage({ ...request, id });
    });

  return {
    async write(name, offset, data) {
      await ask({ op: 'write', name, offset, data });
    },
    async read(name, offset, length) {
      return (await ask({ op: 'read', name, offset, length })).data ?? new Uint8Array(0);
    },
    async flush(name) {
      await ask({ op: 'flush', name });
    },
    async room() {
      const { quota, usage } = await navigator.storage.estimate();
      return quota === undefined || usage === undefined ? undefined : quota - usage;
    },
    async size(name) {
      return (await ask({ op: 'size', name })).size;
    },
    async remove(name) {
      await ask({ op: 'remove', name });
    },
    close() {
      closed = true;
      worker.terminate();
      refuseAll('the files belong to another tab now');
    },
    async asFile(name) {
      await ask({ op: 'release', name });
      try {
        const top = await navigator.storage.getDirectory();
        const folder = await top.getDirectoryHandle(BLOB_FOLDER);
        return await (await folder.getFileHandle(name)).getFile();
      } catch {
        return undefined;
      }
    },
  };
}
