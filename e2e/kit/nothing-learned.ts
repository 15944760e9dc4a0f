import assert from 'node:assert/strict';
import { searchCanaries } from './canary.ts';
import type { Stage } from './journey.ts';

// Three nodes with their databases hold far more; less means the search looked in the wrong place.
const SEARCHED_BYTES_MIN = 50_000;
/** Each page has shown its device by then: CBOR's head of a text of four bytes (0x64, "d"), and the text. */
const AUTH_FRAME = 'dauth';

/** Holds that the servers were told none of the canaries: not sent, not stored, not printed. */
export async function nothingLearned(stage: Stage, canaries: readonly string[]): Promise<void> {
  const { dataDirectory, output } = stage.cluster;
  const wires = stage.wires();
  for (const [place, sent] of Object.entries(wires)) {
    assert.ok(sent.includes(AUTH_FRAME), `${place} was really recorded`);
  }
  const places = { ...wires, 'the printed output': output };
  const { bytesRead, finds } = await searchCanaries(canaries, dataDirectory, places);
  assert.deepEqual(finds, []);
  assert.ok(bytesRead > SEARCHED_BYTES_MIN, `only ${bytesRead} bytes were searched`);
}
