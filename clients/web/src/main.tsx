import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { OneTab } from './app/one-tab.tsx';
import { ServicesContext } from './app/rockpool-context.ts';
import { startApp } from './app/start-app.ts';
import './ui/tokens.css';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root element');

createRoot(root).render(
  <OneTab start={startApp}>
    {(services) => (
      <ServicesContext value={services}>
        <App />
      </ServicesContext>
    )}
  </OneTab>,
);
