// One tab at a time runs the engine: two would write the same device's log twice. A Web Lock
// decides; another tab can take over with one click.

import { type ReactNode, useEffect, useState } from 'react';
import { WelcomeFrame } from '../features/welcome/welcome-frame.tsx';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import type { AppServices } from './rockpool-context.ts';

const LOCK = 'rockpool-engine';

type State =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'elsewhere' }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'running'; readonly services: AppServices };

export function OneTab(props: {
  readonly start: () => Promise<AppServices>;
  readonly children: (services: AppServices) => ReactNode;
}) {
  const { start } = props;
  const [state, setState] = useState<State>({ kind: 'waiting' });
  const [steal, setSteal] = useState(false);

  useEffect(() => {
    let held: AppServices | undefined;
    const run = async (lock: Lock | null) => {
      if (lock === null) return setState({ kind: 'elsewhere' });
      held = await start();
      setState({ kind: 'running', services: held });
      // The lock is held for as long as this promise is open: until the tab closes or is robbed.
      await new Promise<never>(() => {});
    };
    const options: LockOptions = steal ? { steal: true } : { ifAvailable: true };
    navigator.locks.request(LOCK, options, run).catch(async (cause: unknown) => {
      await held?.rockpool.stop();
      const robbed = cause instanceof DOMException && cause.name === 'AbortError';
      setState(robbed ? { kind: 'elsewhere' } : { kind: 'failed', reason: String(cause) });
    });
  }, [start, steal]);

  switch (state.kind) {
    case 'waiting':
      return null;
    case 'running':
      return props.children(state.services);
    case 'failed':
      return (
        <WelcomeFrame title="Rockpool could not start">
          <Failure error={{ message: state.reason, remedy: 'Reload the page.' }} />
        </WelcomeFrame>
      );
    case 'elsewhere':
      return (
        <WelcomeFrame title="Open in another tab">
          <p>Rockpool runs in one tab at a time, so that nothing is written twice.</p>
          <Button look="primary" onClick={() => (steal ? location.reload() : setSteal(true))}>
            Use it here
          </Button>
        </WelcomeFrame>
      );
  }
}
