// Waiting for something that the engine's view shows.

import type { ClientView, Rockpool } from '@rockpool/client-core';

/** The first answer that `look` gives of the view, now or after a change. Rejects once aborted. */
export function untilSeen<T>(
  rockpool: Rockpool,
  signal: AbortSignal,
  look: (view: ClientView) => T | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const conclude = (end: () => void) => {
      unsubscribe();
      signal.removeEventListener('abort', aborted);
      end();
    };
    const aborted = () => conclude(() => reject(signal.reason));
    const see = () => {
      try {
        const seen = look(rockpool.view());
        if (seen !== undefined) conclude(() => resolve(seen));
      } catch (error) {
        conclude(() => reject(error));
      }
    };
    const unsubscribe = rockpool.subscribe(see);
    signal.addEventListener('abort', aborted);
    if (signal.aborted) aborted();
    else see();
  });
}
