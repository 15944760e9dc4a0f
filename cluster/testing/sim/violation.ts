// A property that did not hold. Thrown where it is noticed, and reported with the seed.

import { RaftInvariantError } from '../../src/core/assert.ts';

export type Property =
  | 'electionSafety'
  | 'leaderAppendOnly'
  | 'logMatching'
  | 'leaderCompleteness'
  | 'stateMachineSafety'
  | 'ownTermCommit'
  | 'replicaState'
  | 'durableQuorum'
  | 'monotonic'
  | 'oneVotePerTerm'
  | 'conduct'
  | 'durabilityOrder'
  | 'acknowledgedWrite'
  | 'linearizableRead'
  | 'membership'
  | 'linearizable'
  | 'readIndex'
  | 'exactlyOnce'
  | 'replayedState'
  | 'pendingPromise'
  | 'damageRefused'
  | 'falseAlarm'
  | 'foreignFrames'
  | 'bounds'
  | 'leader'
  | 'convergence'
  | 'service'
  | 'calm'
  | 'coreAssertion'
  | 'crash'
  | 'determinism'
  | 'liveness';

class Violation extends Error {
  override readonly name = 'Violation';
  readonly property: Property;

  constructor(property: Property, message: string) {
    super(message);
    this.property = property;
  }
}

export function check(condition: boolean, property: Property, message: () => string): void {
  if (!condition) throw new Violation(property, message());
}

export interface FoundViolation {
  readonly property: Property;
  readonly message: string;
}

/** Whatever else is thrown is a bug too, of the code under test or of the simulation. */
export function violationOf(error: unknown): FoundViolation {
  if (error instanceof Violation) return { property: error.property, message: error.message };
  const property = error instanceof RaftInvariantError ? 'coreAssertion' : 'crash';
  if (!(error instanceof Error)) return { property, message: String(error) };
  const [, ...frames] = (error.stack ?? '').split('\n');
  const place = frames.slice(0, 3).map((frame) => frame.trim().replace(/^at /, ''));
  return { property, message: `${error.message} (${place.join(' < ')})` };
}
