import type { ActionError, ActionResult } from '@rockpool/client-core';
import { useState } from 'react';

/** Runs one of the engine's actions: busy while it runs, its failure kept for showing. */
export function useAction() {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ActionError>();
  async function run<T>(action: () => Promise<ActionResult<T>>): Promise<ActionResult<T>> {
    setBusy(true);
    setError(undefined);
    const result = await action();
    setBusy(false);
    if (!result.ok) setError(result.error);
    return result;
  }
  return { busy, error, run };
}
