// Terms, elections and transfers: each mutant lacks the behaviour that its id names.

import type { Mutant } from './mutant.ts';

const ELECTION_TESTS = ['core/election.test.ts'];

export const ELECTIONS: readonly Mutant[] = [
  {
    id: 'not-C01',
    mistake: 'who hears an append of a higher term ignores it',
    metIn: 'etcd UpdateTermFromMessage',
    file: 'core/raft.ts',
    edits: [
      [
        "case 'heartbeat':\n      state.becomeFollower(message.term, message.from, 'higherTerm');\n      return true;",
        "case 'heartbeat':\n      return false;",
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C02',
    mistake: 'an append of a lower term is handled like any other',
    metIn: 'etcd RejectStaleTermMessage, OldMessages',
    file: 'core/raft.ts',
    edits: [
      [
        'if (message.term < state.term) {\n      answerLowerTerm',
        "if (message.term < state.term && message.kind !== 'append') {\n      answerLowerTerm",
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C03',
    mistake: 'who has voted for itself starts as a candidate',
    metIn: 'etcd StartAsFollower',
    file: 'core/raft.ts',
    edits: [
      [
        'return new Member(new RaftState(config));',
        "const state = new RaftState(config);\n  const role = { kind: 'candidate', votes: new Map() } as const;\n  if (state.vote === config.self) state.setRole(role, 'electionTimeout');\n  return new Member(state);",
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C14',
    mistake: 'a vote binds in later terms, too',
    metIn: 'etcd LeaderCycle',
    file: 'core/state.ts',
    edits: [
      [
        'if (term > this.term) this.setTerm(term, undefined);',
        'if (term > this.term) this.setTerm(term, this.vote);',
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C21',
    mistake: 'the own vote counts before the disk has it',
    metIn: 'etcd CandidateSelfVoteAfterLostElection',
    file: 'core/candidate.ts',
    edits: [
      [
        "state.setRole({ kind: 'candidate', votes: new Map() }, reason);",
        "state.setRole({ kind: 'candidate', votes: new Map([[state.config.self, true]]) }, reason);",
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C22',
    mistake: 'the own copy counts after stepping down',
    metIn: 'etcd LeaderMsgAppSelfAckAfterTermChange',
    file: 'core/raft.ts',
    edits: [
      [
        "if (state.role.kind === 'leader') advanceCommit(state, state.role);\n  }\n\n  applied",
        "if (state.role.kind === 'leader') advanceCommit(state, state.role);\n    else if (done.term < state.term) state.commitTo(Math.min(done.index, state.log.lastIndex));\n  }\n\n  applied",
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C04',
    mistake: 'heartbeats come half as often as they should',
    metIn: 'etcd LeaderBcastBeat',
    file: 'core/leader.ts',
    edits: [
      [
        'role.heartbeatElapsed >= config.heartbeatTicks &&',
        'role.heartbeatElapsed >= 2 * config.heartbeatTicks &&',
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C05',
    mistake: 'who campaigns asks for votes and does not give itself its own',
    metIn: 'etcd NonleaderStartElection',
    file: 'core/candidate.ts',
    edits: [
      [
        'state.setTerm(state.term + 1, state.config.self);',
        'state.setTerm(state.term + 1, undefined);',
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C06',
    mistake: 'a campaign that times out is not followed by another',
    metIn: 'etcd CandidateStartNewElection',
    file: 'core/candidate.ts',
    edits: [['  }\n  campaign(state);\n}', '  }\n}']],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C07',
    mistake: 'an election that a majority refused is not lost',
    metIn: 'etcd LeaderElectionInOneRoundRPC',
    file: 'core/quorum.ts',
    edits: [
      [
        "return voters.length - refused < quorum ? 'lost' : 'pending';",
        "return voters.length - refused < 0 ? 'lost' : 'pending';",
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C09',
    mistake: 'a candidate does not yield to the leader of its term',
    metIn: 'etcd CandidateFallback',
    file: 'core/raft.ts',
    edits: [
      [
        "if (hearsLeader && (state.role.kind === 'preCandidate' || state.role.kind === 'candidate')) {",
        "if (hearsLeader && state.role.kind === 'preCandidate') {",
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C12',
    mistake: 'who asks for votes tells what it has committed, not where its log ends',
    metIn: 'etcd VoteRequest',
    file: 'core/candidate.ts',
    edits: [
      [
        "state.send({\n      kind: 'preVoteRequest',\n      to,\n      term: state.term + 1,\n      lastIndex,",
        "state.send({\n      kind: 'preVoteRequest',\n      to,\n      term: state.term + 1,\n      lastIndex: Math.min(lastIndex, state.commit),",
      ],
      [
        "kind: 'voteRequest', to, lastIndex, lastTerm",
        "kind: 'voteRequest', to, lastIndex: Math.min(lastIndex, state.commit), lastTerm",
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C16',
    mistake: 'a pre-vote that is granted counts as a vote',
    metIn: 'etcd PreVoteFromAnyState',
    file: 'core/voting.ts',
    edits: [
      [
        'const term = granted ? message.term : state.term;',
        'const term = granted ? message.term : state.term;\n    if (granted) state.vote = from;',
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C23',
    mistake: 'a leader that its followers answer campaigns all the same',
    metIn: 'etcd CampaignWhileLeader',
    file: 'core/raft.ts',
    edits: [
      [
        'tickLeader(state, role);\n        return;',
        'tickLeader(state, role);\n        if (state.nowTick % (2 * state.config.electionTicks) === 0) {\n          state.electionElapsed = state.electionTimeoutTicks;\n          tickFollower(state, mayCampaign);\n        }\n        return;',
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C24',
    mistake: 'who wins the pre-vote leads at once',
    metIn: 'etcd StateTransition',
    file: 'core/candidate.ts',
    edits: [
      [
        "if (result === 'won') becomeCandidate(state, 'preVoteWon');",
        "if (result === 'won') {\n    state.setTerm(state.term + 1, state.config.self);\n    becomeLeader(state);\n  }",
      ],
    ],
    tests: ELECTION_TESTS,
  },
  {
    id: 'not-C112',
    mistake: 'a transfer goes to whomever it is asked for',
    metIn: 'etcd ToNonExistingNode',
    file: 'core/transferring.ts',
    edits: [['state.configuration.voters.includes(to) && role', 'role']],
    tests: ['core/transfer.test.ts'],
  },
  {
    id: 'not-C114',
    mistake: 'a leader that hears of a higher term goes on with its transfer',
    metIn: 'etcd ReceiveHigherTermVote',
    file: 'core/raft.ts',
    edits: [
      [
        'if (message.term > state.term && !admitHigherTerm(state, message)) return;',
        "if (state.role.kind === 'leader' && state.role.transfer !== undefined && message.term > state.term) return;\n    if (message.term > state.term && !admitHigherTerm(state, message)) return;",
      ],
    ],
    tests: ['core/transfer.test.ts'],
  },
];
