// The decisions on which Raft's safety rests, each in one place and free of state. They are a
// parameter of the core for one reason: tests put a known mistake in the place of one of them, to
// prove that the simulation finds it.

export interface LogPosition {
  readonly index: number;
  readonly term: number;
}

export interface CompactionLimits {
  readonly applied: number;
  readonly lastIndex: number;
  /** Every follower that answers has the log up to here. */
  readonly neededFrom: number;
  /** The log has outgrown its bound. */
  readonly isOverMax: boolean;
}

export interface Rules {
  readonly quorumSize: (voters: number) => number;
  /** Thesis 3.6.1: the log whose last term is higher is newer; of equal last terms, the longer. */
  readonly isUpToDate: (candidate: LogPosition, own: LogPosition) => boolean;
  /** Thesis 3.4: one vote in a term, given again to the same candidate only. */
  readonly mayVote: (vote: string | undefined, candidate: string) => boolean;
  /** Thesis 3.6.2: only entries of the leader's own term commit by counting; older ones ride along. */
  readonly mayCommit: (entryTerm: number, leaderTerm: number) => boolean;
  /** Thesis 3.5: an append vouches only for the log up to the last entry it covers. */
  readonly followerCommit: (leaderCommit: number, covered: number, lastIndex: number) => number;
  /**
   * Thesis 3.5: the first entry that conflicts, from which on the log is replaced. Never merely the
   * end of the append: a late, short duplicate must not cut off what was acknowledged since.
   */
  readonly firstConflict: (
    entries: readonly LogPosition[],
    termAt: (index: number) => number | undefined,
  ) => number | undefined;
  /** Thesis 10.2.1: the leader counts its own copy only once that is durable. */
  readonly leaderMatch: (durableIndex: number, lastIndex: number) => number;
  /** Thesis 6.4: before it has committed in its own term, a leader does not know what is committed. */
  readonly mayRead: (commitTerm: number, leaderTerm: number) => boolean;
  /** Thesis 6.4: only heartbeats sent after a read came show that its leader still led then. */
  readonly confirmsRead: (answeredRound: number, readRound: number) => boolean;
  /** What is not applied is nowhere but in the log; what a live follower needs is cheaper as entries. */
  readonly compactionLimit: (log: CompactionLimits) => number;
  /** The rows of a page that is being applied belong under a snapshot, not over it. */
  readonly mayInstall: (handedToApply: number, applied: number) => boolean;
}

export const THESIS_RULES: Rules = {
  quorumSize: (voters) => Math.floor(voters / 2) + 1,
  isUpToDate: (candidate, own) =>
    candidate.term > own.term || (candidate.term === own.term && candidate.index >= own.index),
  mayVote: (vote, candidate) => vote === undefined || vote === candidate,
  mayCommit: (entryTerm, leaderTerm) => entryTerm === leaderTerm,
  followerCommit: (leaderCommit, covered) => Math.min(leaderCommit, covered),
  firstConflict: (entries, termAt) => {
    for (const entry of entries) {
      const term = termAt(entry.index);
      if (term === undefined) return undefined;
      if (term !== entry.term) return entry.index;
    }
    return undefined;
  },
  leaderMatch: (durableIndex) => durableIndex,
  mayRead: (commitTerm, leaderTerm) => commitTerm === leaderTerm,
  confirmsRead: (answeredRound, readRound) => answeredRound >= readRound,
  compactionLimit: ({ applied, neededFrom, isOverMax }) =>
    isOverMax ? applied : Math.min(applied, neededFrom),
  mayInstall: (handedToApply, applied) => handedToApply === applied,
};
