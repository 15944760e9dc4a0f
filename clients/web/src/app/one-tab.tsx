// Shows the app in the one tab that runs the engine, and in every other one a way to take it over.

import { type ReactNode, useEffect, useState } from 'react';
import { WelcomeFrame } from '../features/welcome/welcome-frame.tsx';
import { Button } from '../ui/button.tsx';
import { Failure } from '../ui/failure.tsx';
import { holdTab, type TabState } from './hold-tab.ts';
import type { AppServices } from './rockpool-context.ts';
import type { RunningApp } from './start-app.ts';

export function OneTab(props: {
  readonly start: () => Promise<RunningApp>;
  readonly children: (services: AppServices) => ReactNode;
}) {
  const { start } = props;
  const [state, setState] = useState<TabState<RunningApp> | { readonly kind: 'waiting' }>({
    kind: 'waiting',
  });
  const [steal, setSteal] = useState(false);

  useEffect(() => {
    void holdTab({ locks: navigator.locks, steal, start, tell: setState });
  }, [start, steal]);

  switch (state.kind) {
    case 'waiting':
      return null;
    case 'running':
      return props.children(state.app.services);
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
