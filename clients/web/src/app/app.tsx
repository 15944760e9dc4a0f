import { Notices } from '../features/status/notices.tsx';
import { Blocked } from '../features/welcome/blocked.tsx';
import { Welcome } from '../features/welcome/welcome.tsx';
import { Home } from './home.tsx';
import { useView } from './rockpool-context.ts';

export function App() {
  const view = useView();
  return (
    <>
      <Stage stage={view.stage} />
      <Notices notices={view.notices} />
    </>
  );
}

function Stage({ stage }: { readonly stage: ReturnType<typeof useView>['stage'] }) {
  switch (stage) {
    case 'starting':
      return (
        <p className="visually-hidden" role="status">
          Opening Rockpool
        </p>
      );
    case 'blocked':
      return <Blocked />;
    case 'signedOut':
      return <Welcome />;
    case 'signedIn':
      return <Home />;
  }
}
