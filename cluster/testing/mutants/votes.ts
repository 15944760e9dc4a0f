// B: who leads, and whether anybody does.

import type { Mutant } from './mutant.ts';

export const VOTES: readonly Mutant[] = [
  {
    id: 'B1',
    mistake: 'whoever is behind is not answered',
    metIn: 'etcd#8243, canonical/raft#279',
    file: 'core/raft.ts',
    edits: [['answerLowerTerm(state, message);\n      return;', 'return;']],
  },
  {
    id: 'B3',
    mistake: 'a refused pre-vote does not tell of the higher term',
    metIn: 'openraft#1796',
    file: 'core/raft.ts',
    edits: [
      [
        "if (!message.granted) state.becomeFollower(message.term, undefined, 'higherTerm');",
        'if (!message.granted) return false;',
      ],
    ],
  },
  {
    id: 'B4',
    mistake: 'who campaigns still holds to the leader it has not heard',
    metIn: 'etcd PR#8334, raft-rs PR#84',
    file: 'core/candidate.ts',
    edits: [
      [
        "state.setRole(role, 'electionTimeout');\n  state.setLeader(undefined);",
        "state.setRole(role, 'electionTimeout');",
      ],
    ],
  },
  {
    id: 'B5',
    mistake: 'a leader that no quorum hears goes on',
    metIn: 'openraft#2080',
    file: 'core/leader.ts',
    edits: [
      ['if (!isHeardByQuorum(state, role)) {', 'if (isHeardByQuorum(state, role) === undefined) {'],
    ],
  },
  {
    id: 'B6',
    mistake: 'whoever asks for votes is answered, however fresh the leader',
    metIn: 'hashicorp/raft#524, logcabin#56, canonical/raft PR#137',
    file: 'core/state.ts',
    edits: [
      [
        'return this.leader !== undefined && this.electionElapsed < this.config.electionTicks;',
        'return this.leader !== undefined && this.electionElapsed < 0;',
      ],
    ],
  },
  {
    id: 'B7',
    mistake: 'a node that starts does not wait for anybody to be silent, and campaigns',
    metIn: 'etcd#9333',
    file: 'core/state.ts',
    edits: [
      [
        'electionElapsed = 0;\n  electionTimeoutTicks',
        'electionElapsed = 1_000;\n  electionTimeoutTicks',
      ],
    ],
  },
  {
    id: 'B8',
    mistake: 'a heartbeat of a lower term keeps a node from campaigning',
    metIn: 'butane PR#32, nebula PR#2419',
    file: 'core/raft.ts',
    edits: [
      [
        "state.send({ kind: 'heartbeatReply', to, round: message.round });",
        "state.send({ kind: 'heartbeatReply', to, round: message.round });\n      state.electionElapsed = 0;",
      ],
    ],
  },
  {
    id: 'B9',
    mistake: 'a candidate does not count its own vote',
    metIn: 'openraft 86e2ccd0',
    file: 'core/candidate.ts',
    edits: [
      ['if (state.durability.isVoteDurable(term, self)) countVote', 'if (term < 0) countVote'],
    ],
  },
  {
    id: 'B10a',
    mistake: 'the vote is not stored',
    metIn: 'camunda#1068',
    file: 'core/durability.ts',
    edits: [
      [
        'hardState: hasNewVote || commit !== handed.commit ? hardState : undefined',
        'hardState: hasNewVote ? { ...hardState, vote: undefined } : undefined',
      ],
    ],
  },
  {
    id: 'B10b',
    mistake: 'a vote is told before it is stored',
    metIn: 'camunda#1068',
    file: 'core/voting.ts',
    edits: [["state.sendOnceDurable({ kind: 'voteReply'", "state.send({ kind: 'voteReply'"]],
  },
  {
    id: 'B10c',
    mistake: 'a vote is given to all who ask',
    metIn: 'camunda#1068',
    file: 'core/rules.ts',
    edits: [
      [
        'mayVote: (vote, candidate) => vote === undefined || vote === candidate',
        'mayVote: () => true',
      ],
    ],
  },
  {
    id: 'B11',
    mistake: 'after a start a node waits far too long before it campaigns',
    metIn: 'openraft 228077a6',
    file: 'core/state.ts',
    edits: [
      [
        'config.seed);\n    this.electionTimeoutTicks = this.#timeouts.draw();',
        'config.seed);\n    this.electionTimeoutTicks = this.#timeouts.draw() * 1_000;',
      ],
    ],
  },
  {
    id: 'B12',
    mistake:
      'all nodes wait equally long before they campaign, and none leaves the term to another',
    metIn: 'thesis 3.4',
    file: 'core/election-timeout.ts',
    edits: [
      [
        'return this.#electionTicks + (this.#advance() % this.#electionTicks);',
        'return this.#electionTicks + (this.#advance() % 1);',
      ],
    ],
    also: {
      file: 'core/voting.ts',
      edits: [['if (isTie && from > state.config.self)', "if (isTie && from < '')"]],
    },
    tests: ['core/election.test.ts'],
  },
  {
    id: 'B13',
    mistake: 'a node campaigns without asking whether it could win',
    metIn: 'thesis 9.6, cockroach#18151',
    file: 'core/follower.ts',
    edits: [
      [
        'if (!state.isDiskStalled()) campaign(state);',
        'if (!state.isDiskStalled()) campaignAtOnce(state);',
      ],
    ],
    tests: ['core/election.test.ts'],
  },
];
