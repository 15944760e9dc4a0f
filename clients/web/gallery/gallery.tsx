// Every screen with made-up state and no engine behind it: /gallery/?scene=NAME on the development
// server. The screens journey of e2e looks at each in both themes and on a narrow screen, and has
// its accessibility checked. Not part of the build.

import { createRoot } from 'react-dom/client';
import { App } from '../src/app/app.tsx';
import { ServicesContext } from '../src/app/rockpool-context.ts';
import '../src/ui/tokens.css';
import { connectionReports } from './connection-reports.ts';
import { fakeRockpool } from './fake-rockpool.ts';
import { scenes } from './scenes.ts';

const search = new URLSearchParams(location.search);
const name = search.get('scene') ?? '';
/** What a connection check says. */
const report = search.get('report') ?? '';
const scene = scenes[name];
const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root element');

createRoot(root).render(
  scene === undefined ? (
    <main>
      <h1>Screens</h1>
      <ul>
        {Object.keys(scenes).map((each) => (
          <li key={each}>
            <a href={`?scene=${each}`}>{each}</a>
          </li>
        ))}
      </ul>
    </main>
  ) : (
    <ServicesContext
      value={{
        rockpool: fakeRockpool(scene, connectionReports[report]),
        blobs: { asFile: async () => undefined },
      }}
    >
      <App />
    </ServicesContext>
  ),
);
