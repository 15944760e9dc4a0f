// Browsers may throw away what a site stored when the disk runs low, unless it asked them not to.
// Messages and keys exist on people's devices only, so it is asked; but not before somebody has
// signed in, because some browsers ask the person.

import type { Rockpool } from '@rockpool/client-core';

export function keepStorage(
  rockpool: Pick<Rockpool, 'view' | 'subscribe'>,
  storage: Pick<StorageManager, 'persist'>,
): void {
  const stop = rockpool.subscribe(() => {
    if (rockpool.view().stage !== 'signedIn') return;
    stop();
    // Refused or not known here: it is then kept as long as the browser likes.
    storage.persist().catch(() => {});
  });
}
