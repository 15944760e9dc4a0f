import type { FileSource } from '@rockpool/client-core';

/** A picked, pasted or dropped file; it is read in slices and never held whole. */
export function fileSource(file: File): FileSource {
  return {
    name: file.name,
    size: file.size,
    mediaType: file.type,
    async read(offset, length) {
      return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
    },
  };
}
