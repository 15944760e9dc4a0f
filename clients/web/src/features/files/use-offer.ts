import type { ActionError, FileSource, Id } from '@rockpool/client-core';
import { useState } from 'react';
import { useServices } from '../../app/rockpool-context.ts';
import { useAction } from '../../ui/use-action.ts';
import { fileSource } from './file-source.ts';

/** A file that is being read and hashed before it can be offered. */
export interface Preparing {
  readonly name: string;
  readonly size: number;
  readonly bytesRead: number;
}

export interface Offer {
  /** Offers one file after the other. */
  readonly offer: (files: readonly File[]) => Promise<void>;
  readonly preparing: Preparing | undefined;
  readonly error: ActionError | undefined;
}

/** Picked, pasted and dropped files all go this way into a pool. */
export function useOffer(poolId: Id): Offer {
  const { rockpool } = useServices();
  const { error, run } = useAction();
  const [preparing, setPreparing] = useState<Preparing>();
  const offer = async (files: readonly File[]) => {
    for (const file of files) {
      const source = watched(fileSource(file), setPreparing);
      await run(() => rockpool.offerFile(poolId, source));
    }
    setPreparing(undefined);
  };
  return { offer, preparing, error };
}

function watched(source: FileSource, tell: (preparing: Preparing) => void): FileSource {
  const { name, size } = source;
  let bytesRead = 0;
  tell({ name, size, bytesRead });
  return {
    ...source,
    async read(offset, length) {
      const content = await source.read(offset, length);
      bytesRead = Math.max(bytesRead, offset + content.length);
      tell({ name, size, bytesRead });
      return content;
    },
  };
}
