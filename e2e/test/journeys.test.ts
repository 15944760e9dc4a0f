// The journeys that guard main: each is told in a real browser on a cluster of its own. `npm run e2e` plays
// them too; by name, those that need more than a browser; and `screens`, which looks at everything in every light.
import t, { type Test } from 'tap';
import type { Journey } from '../kit/journey.ts';
import { play } from '../kit/journey.ts';
import { loadJourneys } from '../kit/load-journeys.ts';

const JOURNEYS_TIMEOUT_MS = 400_000;
const LOOKS = 'screens';
const journeys = (await loadJourneys()).filter(
  ({ name, lacks }) => lacks === undefined && name !== LOOKS,
);

t.setTimeout(JOURNEYS_TIMEOUT_MS);

t.test('the journeys that this machine can play are all here', async (t) => {
  const names = journeys.map(({ name }) => name);
  t.strictSame(names, [
    'add-device',
    'agents',
    'file-and-failures',
    'first-message',
    'without-servers',
  ]);
});

for (const journey of journeys) {
  t.test(`${journey.name}: ${journey.summary}`, (t) => plays(t, journey));
}

async function plays(t: Test, journey: Journey): Promise<void> {
  const told: string[] = [];
  const ended = await play(journey, {}, (line) => {
    told.push(line);
    t.comment(line);
  });
  t.ok(ended, `${journey.name} ends well`, { told });
}
