import fc from 'fast-check';
import type { Test } from 'tap';

/** A property as an assertion of its own: throws with the counterexample, else counts as one pass. */
export function holdsForAll<T>(
  t: Test,
  property: fc.IRawProperty<T>,
  parameters: fc.Parameters<T> = {},
): void {
  fc.assert(property, parameters);
  t.pass('holds for all samples');
}
