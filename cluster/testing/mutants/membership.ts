// E, and who counts (A7): changes of who takes part.

import type { Mutant } from './mutant.ts';

export const WHO_COUNTS: readonly Mutant[] = [
  {
    id: 'A7a',
    mistake: 'learners count in quorums',
    metIn: 'camunda#57387, octo-im PR#43',
    file: 'core/rules.ts',
    edits: [
      [
        'majorities: ({ voters, outgoing }) => (outgoing.length === 0 ? [voters] : [voters, outgoing])',
        'majorities: ({ voters, outgoing, learners }) =>\n    outgoing.length === 0 ? [[...voters, ...learners]] : [voters, outgoing]',
      ],
    ],
  },
  {
    id: 'A7b',
    mistake: 'in a joint configuration the new voters decide alone',
    metIn: 'openraft d882e743, openraft a10d9906',
    file: 'core/rules.ts',
    edits: [
      [
        '(outgoing.length === 0 ? [voters] : [voters, outgoing])',
        '(outgoing.length < 0 ? [] : [voters])',
      ],
    ],
  },
];

export const MEMBERSHIP: readonly Mutant[] = [
  {
    id: 'E1',
    mistake: 'a leader changes who votes before it has committed in its term',
    metIn: 'raft-dev 2015, copycat#23, braft#182, openraft PR#2051',
    file: 'core/rules.ts',
    edits: [
      [
        'mayReconfigure: (commitTerm, leaderTerm) => commitTerm === leaderTerm',
        'mayReconfigure: () => true',
      ],
    ],
  },
  {
    id: 'E2',
    mistake: 'a configuration is in force only once it is committed',
    metIn: 'etcd#7625, etcd#12359, etcd-io/raft#456',
    file: 'core/rules.ts',
    edits: [['inForce: (newest) => newest', 'inForce: (_newest, committed) => committed']],
  },
  {
    id: 'E3',
    mistake: 'a change begins before the one before it is committed',
    metIn: 'redpanda PR#17675',
    file: 'core/rules.ts',
    edits: [
      [
        'maySucceed: ({ configuration, index, commit }) => index <= commit && !isJoint(configuration)',
        'maySucceed: ({ configuration }) => !isJoint(configuration)',
      ],
    ],
  },
  {
    id: 'E4',
    mistake: 'only the leader that began it leaves a joint configuration',
    metIn: 'etcd#12136, etcd#11281',
    file: 'core/reconfiguring.ts',
    edits: [
      [
        'if (!isJoint(configuration) || !state.rules.mayLeaveJoint(place)) return;',
        'if (!isJoint(configuration) || !state.rules.mayLeaveJoint(place)) return;\n  if (state.log.termAt(place.index) !== state.term) return;',
      ],
    ],
  },
  {
    id: 'E5',
    mistake: 'a joint configuration is left before it is committed',
    metIn: 'camunda#60086',
    file: 'core/rules.ts',
    edits: [['mayLeaveJoint: ({ index, commit }) => index <= commit', 'mayLeaveJoint: () => true']],
  },
  {
    id: 'E6',
    mistake: 'a change begins although too few of the new voters are there to end it',
    metIn: 'raft-rs#192, camunda#57386',
    file: 'core/rules.ts',
    edits: [
      ['keepsQuorum: (liveVoters, quorum) => liveVoters >= quorum', 'keepsQuorum: () => true'],
    ],
  },
  {
    id: 'E7',
    mistake: 'a configuration stays in force when its entry is cut off',
    metIn: 'camunda#57393, canonical/raft#250, NuRaft PR#67',
    file: 'core/rules.ts',
    edits: [
      [
        'isConfigurationKept: (configurationIndex, lastIndex) => configurationIndex <= lastIndex',
        'isConfigurationKept: () => true',
      ],
    ],
  },
  {
    id: 'E8',
    mistake: 'who is being removed does not campaign, though nobody else can win',
    metIn: 'cowsql/raft#150, openraft#2091, etcd#10563',
    file: 'core/rules.ts',
    edits: [
      [
        'isVoter(newest, self) || isVoter(committed, self)',
        'isVoter(newest, self) || committed === undefined',
      ],
    ],
  },
  {
    id: 'E9a',
    mistake: 'a learner campaigns',
    metIn: 'redpanda PR#8495',
    file: 'core/rules.ts',
    edits: [
      [
        'isVoter(newest, self) || isVoter(committed, self)',
        'isVoter(newest, self) || isVoter(committed, self) || newest.learners.includes(self)',
      ],
    ],
  },
  {
    id: 'E9b',
    mistake: 'who does not know itself to be a voter refuses to vote',
    metIn: 'etcd PR#10998',
    file: 'core/voting.ts',
    edits: [
      [
        'const granted = isCurrent && mayVote(state, from);',
        'const granted = isCurrent && mayVote(state, from) && state.mayCampaign();',
      ],
    ],
  },
  {
    id: 'E10',
    mistake: 'a learner becomes a voter before it has the log',
    metIn: 'EastGuard PR#150',
    file: 'core/rules.ts',
    edits: [
      [
        'isLive && isReplicating && lastIndex - matchIndex <= inflightAppendsMax',
        'isLive || isReplicating || lastIndex - matchIndex <= inflightAppendsMax || matchIndex >= 0',
      ],
    ],
  },
  {
    id: 'E11a',
    mistake: 'who leaves is not told that this is committed',
    metIn: 'etcd#10563',
    file: 'core/state.ts',
    edits: [
      [
        '[...membersOf(this.configuration), ...membersOf(this.committedConfiguration)]',
        'membersOf(this.configuration)',
      ],
    ],
  },
  {
    id: 'E11b',
    mistake: 'a leader that is removed never steps down',
    metIn: 'etcd#10563, hashicorp/raft#524',
    file: 'core/rules.ts',
    edits: [
      [
        'index <= commit && !isVoter(configuration, self)',
        'index < 0 && commit < 0 && !isVoter(configuration, self)',
      ],
    ],
  },
  {
    id: 'E11c',
    mistake:
      'who leaves while it is away never learns that it does, and keeps its place where it leads',
    metIn: 'this repository: cluster/test/placement.test.ts',
    file: 'driver/reconciler.ts',
    edits: [
      [
        'group === META_GROUP && this.#isElsewhere(node)',
        'group < META_GROUP && this.#isElsewhere(node)',
      ],
    ],
  },
  {
    id: 'E13',
    mistake: 'who takes part is not taken from a snapshot',
    metIn: 'openraft 447dc11c, openraft dba24036',
    file: 'core/log.ts',
    edits: [['this.#base = base;\n    this.#configurations = [base];', 'this.#base = base;']],
  },
  {
    id: 'E15',
    mistake: 'the configuration as of an index is that before it',
    metIn: 'openraft#424',
    file: 'core/log.ts',
    edits: [['placed && placed.index <= index', 'placed && placed.index < index']],
  },
];
