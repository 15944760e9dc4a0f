// Assertions stay on in production: a replica that has broken an invariant must stop before it
// answers anybody, since its word counts in a quorum.

/** An invariant of Raft does not hold in this process. Never caught to go on. */
export class RaftInvariantError extends Error {
  override readonly name = 'RaftInvariantError';
}

export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new RaftInvariantError(invariant);
}
