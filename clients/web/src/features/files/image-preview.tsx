import type { FileEntry, Id } from '@rockpool/client-core';
import { useEffect, useState } from 'react';
import { useServices } from '../../app/rockpool-context.ts';

/** Formats that browsers decode without running anything; SVG can hold script and is left out. */
const SAFE_IMAGES = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);
const PREVIEW_BYTES_MAX = 10 * 1024 * 1024;

/** A small image shows itself. One that cannot be decoded shows nothing and harms nothing. */
export function ImagePreview(props: { readonly entry: FileEntry; readonly poolId: Id }) {
  const { rockpool } = useServices();
  const { id, mediaType, size, name } = props.entry;
  const wanted = SAFE_IMAGES.has(mediaType) && size <= PREVIEW_BYTES_MAX;
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!wanted) return;
    let made: string | undefined;
    let gone = false;
    const show = async () => {
      const opened = await rockpool.openFile(props.poolId, id);
      if (!opened.ok) return;
      const content = await opened.value.read(0, size);
      if (gone) return;
      made = URL.createObjectURL(
        new Blob([content as Uint8Array<ArrayBuffer>], { type: mediaType }),
      );
      setUrl(made);
    };
    show().catch(() => setUrl(undefined));
    return () => {
      gone = true;
      if (made !== undefined) URL.revokeObjectURL(made);
    };
  }, [rockpool, props.poolId, id, mediaType, size, wanted]);
  if (!wanted || url === undefined) return null;
  return <img className="image-preview" src={url} alt={name} onError={() => setUrl(undefined)} />;
}
