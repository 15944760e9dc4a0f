import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Journey } from './journey.ts';

const JOURNEYS = join(import.meta.dirname, '..', 'journeys');

/** Every journey there is, by file name. */
export async function loadJourneys(): Promise<Journey[]> {
  const files = readdirSync(JOURNEYS)
    .filter((name) => name.endsWith('.ts'))
    .sort();
  return Promise.all(
    files.map(async (name) => {
      const module: { journey?: Journey } = await import(join(JOURNEYS, name));
      if (!module.journey) throw new Error(`journeys/${name} exports no journey`);
      return module.journey;
    }),
  );
}
