// A property that did not hold. Thrown where it is noticed, and reported with the seed.

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
  | 'bounds'
  | 'coreAssertion'
  | 'liveness';

export class Violation extends Error {
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
