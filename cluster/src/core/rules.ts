// The decisions on which Raft's safety rests, each in one place and free of state, so that each can be read
// beside its source, and a test can put a known mistake in the place of one of them.

import { isJoint, isVoter } from './configuration.ts';
import type { Configuration, NodeId } from './entry.ts';

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

/** Of the newest configuration in a leader's log. */
export interface ConfigurationPlace {
  readonly configuration: Configuration;
  readonly index: number;
  readonly commit: number;
}

/** What a leader knows of a learner. */
export interface CatchUp {
  readonly matchIndex: number;
  readonly lastIndex: number;
  /** It has answered a heartbeat of this leader, lately too. */
  readonly isLive: boolean;
  /** Its log is known to agree, and appends are pipelined to it. */
  readonly isReplicating: boolean;
  readonly inflightAppendsMax: number;
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
  /** Thesis 4.3: while joint, the old voters and the new ones must each agree by themselves. */
  readonly majorities: (configuration: Configuration) => readonly (readonly NodeId[])[];
  /** Thesis 4.1: the newest configuration in the log is in force, committed or not. */
  readonly inForce: (newest: Configuration, committed: Configuration) => Configuration;
  /** Thesis 4.1: a configuration goes with its entry when that is cut off. */
  readonly isConfigurationKept: (configurationIndex: number, lastIndex: number) => boolean;
  /**
   * Whoever votes in the newest configuration or in the committed one: the only node that has a
   * configuration which removes it may be the only one that can bring it to the others.
   */
  readonly mayCampaign: (self: NodeId, newest: Configuration, committed: Configuration) => boolean;
  /** Thesis 4.1: one change at a time, and a joint configuration is a change that goes on. */
  readonly maySucceed: (newest: ConfigurationPlace) => boolean;
  /**
   * Before it has committed in its own term, a leader may not know that its configuration was
   * replaced by another (raft-dev, 2015: bug in single-server membership changes).
   */
  readonly mayReconfigure: (commitTerm: number, leaderTerm: number) => boolean;
  /** Thesis 4.3: only after the joint configuration is committed do the new voters decide alone. */
  readonly mayLeaveJoint: (joint: ConfigurationPlace) => boolean;
  /** Thesis 4.2.1: what it lacks is on its way, so that it holds up no commit as a voter. */
  readonly isCaughtUp: (learner: CatchUp) => boolean;
  /** A majority that is not there would end all writing, and could not even be voted out. */
  readonly keepsQuorum: (liveVoters: number, quorum: number) => boolean;
  /** Thesis 4.2.2: a leader that is no voter any more leads until that is committed. */
  readonly mustStepDown: (self: NodeId, newest: ConfigurationPlace) => boolean;
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
  majorities: ({ voters, outgoing }) => (outgoing.length === 0 ? [voters] : [voters, outgoing]),
  inForce: (newest) => newest,
  isConfigurationKept: (configurationIndex, lastIndex) => configurationIndex <= lastIndex,
  mayCampaign: (self, newest, committed) => isVoter(newest, self) || isVoter(committed, self),
  maySucceed: ({ configuration, index, commit }) => index <= commit && !isJoint(configuration),
  mayReconfigure: (commitTerm, leaderTerm) => commitTerm === leaderTerm,
  mayLeaveJoint: ({ index, commit }) => index <= commit,
  isCaughtUp: ({ matchIndex, lastIndex, isLive, isReplicating, inflightAppendsMax }) =>
    isLive && isReplicating && lastIndex - matchIndex <= inflightAppendsMax,
  keepsQuorum: (liveVoters, quorum) => liveVoters >= quorum,
  mustStepDown: (self, { configuration, index, commit }) =>
    index <= commit && !isVoter(configuration, self),
};
