// A: what commits, and what a log keeps.

import type { Mutant } from './mutant.ts';

export const COMMIT_AND_LOG: readonly Mutant[] = [
  {
    id: 'A1',
    mistake: 'entries of earlier terms commit by being counted',
    metIn: 'logcabin#44, canonical/raft#220, redisraft PR#22',
    file: 'core/rules.ts',
    edits: [
      ['mayCommit: (entryTerm, leaderTerm) => entryTerm === leaderTerm', 'mayCommit: () => true'],
    ],
  },
  {
    id: 'A2',
    mistake: 'a follower commits beyond what the append covers',
    metIn: 'copycat#265, scylladb#9965',
    file: 'core/rules.ts',
    edits: [
      [
        'followerCommit: (leaderCommit, covered) => Math.min(leaderCommit, covered)',
        'followerCommit: (leaderCommit, _covered, last) => Math.min(leaderCommit, last)',
      ],
    ],
    // A leader of ours looks for the agreement from above: the first append that is taken then reaches the conflict.
    also: {
      file: 'core/leader.ts',
      edits: [
        [
          'new Progress(log.lastIndex + 1, config.limits)',
          'new Progress(Math.max(log.firstIndex, state.commit + 1), config.limits)',
        ],
      ],
    },
  },
  {
    id: 'A3',
    mistake: 'a short or late duplicate cuts off what came after it',
    metIn: 'openraft 9540c904, nats PR#7209',
    file: 'core/rules.ts',
    edits: [['if (term !== entry.term) return entry.index;', 'return entry.index;']],
  },
  {
    id: 'A4',
    mistake: 'a conflicting tail is kept',
    metIn: 'mofa PR#1151',
    file: 'core/rules.ts',
    edits: [
      [
        'if (term !== entry.term) return entry.index;',
        'if (term !== entry.term) return undefined;',
      ],
    ],
  },
  {
    id: 'A5',
    mistake: 'what was compacted away is taken for a conflict, and the log is dropped',
    metIn: 'openraft#511',
    file: 'core/follower.ts',
    edits: [
      [
        'if (previousIndex < state.commit) {',
        `if (previousIndex < log.firstIndex - 1 && log.length > 0) {
          log.truncateFrom(log.firstIndex);
          state.durability.truncatedFrom(log.firstIndex);
        }
        if (previousIndex < state.commit) {`,
      ],
    ],
  },
  {
    id: 'A6a',
    mistake: 'the copies are counted without being put in order',
    metIn: 'openraft#1802',
    file: 'core/quorum.ts',
    edits: [['[...matchIndexes].sort((a, b) => b - a)', '[...matchIndexes]']],
  },
  {
    id: 'A6b',
    mistake: 'half of the voters are a quorum',
    metIn: 'openraft d60f1e85',
    file: 'core/rules.ts',
    edits: [['Math.floor(voters / 2) + 1', 'Math.max(1, Math.floor(voters / 2))']],
  },
  {
    id: 'A6c',
    mistake: 'all voters are needed for a quorum',
    metIn: 'the opposite of openraft d60f1e85',
    file: 'core/rules.ts',
    edits: [['Math.floor(voters / 2) + 1', 'voters']],
  },
  {
    id: 'A8a',
    mistake: 'logs are compared term by term and length by length, not term first',
    metIn: 'openraft a48a3282',
    file: 'core/rules.ts',
    edits: [
      [
        'candidate.term > own.term || (candidate.term === own.term && candidate.index >= own.index)',
        'candidate.term >= own.term && candidate.index >= own.index',
      ],
    ],
  },
  {
    id: 'A8b',
    mistake: 'logs are compared by length alone',
    metIn: 'liferaft 3348db4',
    file: 'core/rules.ts',
    edits: [
      [
        'candidate.term > own.term || (candidate.term === own.term && candidate.index >= own.index)',
        'candidate.index >= own.index',
      ],
    ],
  },
  {
    id: 'A8c',
    mistake: 'any log is good enough for a leader',
    metIn: 'the end of the way of liferaft 3348db4',
    file: 'core/rules.ts',
    edits: [
      [
        'candidate.term > own.term || (candidate.term === own.term && candidate.index >= own.index)',
        'candidate.index + own.index >= 0',
      ],
    ],
  },
  {
    id: 'A9',
    mistake: 'a new leader forgets what it knew to be committed',
    metIn: 'microsoft/CCF#5674',
    file: 'core/leader.ts',
    edits: [
      [
        "state.setRole(role, 'electionWon');",
        "state.setRole(role, 'electionWon');\n  state.commit = state.applied;",
      ],
    ],
  },
  {
    id: 'A10',
    mistake: 'an acknowledgement of an earlier term counts in this one',
    metIn: 'akka-entity-replication#152',
    file: 'core/raft.ts',
    edits: [
      [
        'if (message.term < state.term) {',
        "if (message.term < state.term && message.kind !== 'appendAccepted') {",
      ],
    ],
  },
  {
    id: 'A11a',
    mistake: 'a late refusal takes a follower back below what it has acknowledged',
    metIn: 'etcd-io/raft PR#149, openraft#584',
    file: 'core/progress.ts',
    edits: [
      [
        'network carries it.\n    if (rejectedIndex <= this.#matchIndex) return false;',
        'network carries it.',
      ],
      ['this.#nextIndex = Math.max(next, this.#matchIndex + 1);', 'this.#nextIndex = next;'],
    ],
    tests: ['core/replication.test.ts'],
  },
  {
    id: 'A11b',
    mistake: 'a late acknowledgement takes a follower back',
    metIn: 'openraft#1500',
    file: 'core/progress.ts',
    edits: [['if (matchIndex < this.#matchIndex) return;', '']],
    tests: ['core/replication.test.ts'],
  },
  {
    id: 'A12',
    mistake: 'the term falls when a log is cut',
    metIn: 'nats PR#5975, nats PR#5689',
    file: 'core/follower.ts',
    edits: [
      [
        'state.durability.truncatedFrom(conflict);',
        'state.durability.truncatedFrom(conflict);\n      state.term = log.last.term;',
      ],
    ],
  },
  {
    id: 'A13',
    mistake: 'others hear of a new term before it is stored',
    metIn: 'nats PR#5957',
    file: 'core/candidate.ts',
    edits: [["state.sendOnceDurable({ kind: 'voteRequest'", "state.send({ kind: 'voteRequest'"]],
  },
];
