// From the device's store to a file of the person's choice, without holding it in memory: streamed
// where the browser has a save picker, else handed over as a file that the browser reads from disk.

import type { ActionResult, FileEntry, FileSource, Id } from '@rockpool/client-core';
import type { AppServices } from '../../app/rockpool-context.ts';

const SLICE_BYTES = 4 * 1024 * 1024;
/** The download has long begun by then; the browser has its own reference to the file. */
const LINK_LIFE_MS = 60_000;

interface SavePicker {
  showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
}

export async function saveToDisk(
  { rockpool, blobs }: AppServices,
  poolId: Id,
  entry: FileEntry,
): Promise<ActionResult> {
  const picker = (window as SavePicker).showSaveFilePicker;
  if (picker !== undefined) {
    const target = await picker.call(window, { suggestedName: entry.name }).catch(() => undefined);
    if (target === undefined) return { ok: true, value: undefined };
    const opened = await rockpool.openFile(poolId, entry.id);
    return opened.ok ? stream(opened.value, target) : opened;
  }
  const opened = await rockpool.openFile(poolId, entry.id);
  if (!opened.ok) return opened;
  const file = opened.value.blobName && (await blobs.asFile(opened.value.blobName));
  if (!file) return unreadable;
  // Re-typed so that no browser opens received HTML in this origin.
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file.slice(0, file.size, 'application/octet-stream'));
  link.download = entry.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), LINK_LIFE_MS);
  return { ok: true, value: undefined };
}

async function stream(source: FileSource, target: FileSystemFileHandle): Promise<ActionResult> {
  const out = await target.createWritable();
  try {
    for (let offset = 0; offset < source.size; offset += SLICE_BYTES) {
      const length = Math.min(SLICE_BYTES, source.size - offset);
      await out.write((await source.read(offset, length)) as Uint8Array<ArrayBuffer>);
    }
    await out.close();
    return { ok: true, value: undefined };
  } catch {
    await out.abort();
    return unreadable;
  }
}

const unreadable: ActionResult = {
  ok: false,
  error: {
    code: 'STORE_FULL',
    message: 'The file could not be saved.',
    remedy: 'Check the free space on this device and try again.',
  },
};
