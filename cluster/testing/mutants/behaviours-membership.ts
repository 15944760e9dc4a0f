// Who takes part, and who leads next: each mutant lacks the behaviour that its id names.

import type { Mutant } from './mutant.ts';

const MEMBERSHIP_TESTS = ['core/membership.test.ts', 'core/configuration.test.ts'];
const TRANSFER_TESTS = ['core/transfer.test.ts'];

export const WHO_TAKES_PART: readonly Mutant[] = [
  {
    id: 'not-C92',
    mistake: 'voters are exchanged in one step',
    metIn: 'etcd confchange simple_safety',
    file: 'core/configuration.ts',
    edits: [
      [
        'const outgoing = sameVoters ? [] : present.voters;',
        'const outgoing: NodeId[] = sameVoters ? [] : [];',
      ],
    ],
    tests: MEMBERSHIP_TESTS,
  },
  {
    id: 'not-C94',
    mistake: 'who is there already is added once more',
    metIn: 'etcd confchange idempotency',
    file: 'core/configuration.ts',
    edits: [['...addLearners.filter((node) => !isMember(present, node)),', '...addLearners,']],
    tests: MEMBERSHIP_TESTS,
  },
  {
    id: 'not-C98',
    mistake: 'a removed leader counts itself in what it commits',
    metIn: 'etcd confchange_v1_remove_leader',
    file: 'core/leader.ts',
    edits: [
      [
        'agreedIndex(state.majorities, matchOf',
        'agreedIndex(state.majorities.map((half) => [...new Set([...half, state.config.self])]), matchOf',
      ],
    ],
    tests: MEMBERSHIP_TESTS,
  },
  {
    id: 'not-C99',
    mistake: 'who takes part in nothing campaigns',
    metIn: 'etcd TransferNonMember',
    file: 'core/rules.ts',
    edits: [
      [
        'mayCampaign: (self, newest, committed) => isVoter(newest, self) || isVoter(committed, self)',
        'mayCampaign: () => true',
      ],
    ],
    tests: MEMBERSHIP_TESTS,
  },
  {
    id: 'not-C104',
    mistake:
      'a new node is sent the log from its first entry on, and not told who took part before',
    metIn: 'etcd RawNodeStart',
    file: 'core/leader.ts',
    edits: [
      [
        'return previousIndex === 0 && !isMember(log.base.configuration, to);',
        'return previousIndex < 0 && !isMember(log.base.configuration, to);',
      ],
    ],
    tests: MEMBERSHIP_TESTS,
  },
  {
    id: 'not-C110',
    mistake: 'leadership goes to a follower that does not have the whole log yet',
    metIn: 'etcd LeaderTransferToSlowFollower',
    file: 'core/transferring.ts',
    edits: [
      [
        'if (role.followers.get(to)?.matchIndex !== state.log.lastIndex) return;',
        'if (role.followers.get(to) === undefined) return;',
      ],
    ],
    tests: TRANSFER_TESTS,
  },
  {
    id: 'not-C111',
    mistake: 'a campaign that the leader wants is refused by all who hear it',
    metIn: 'etcd LeaderTransferWithCheckQuorum',
    file: 'core/raft.ts',
    edits: [
      [
        'if (state.hasFreshLeader() && !message.isTransfer) return false;',
        'if (state.hasFreshLeader()) return false;',
      ],
    ],
    tests: TRANSFER_TESTS,
  },
  {
    id: 'not-C115',
    mistake: 'a second transfer does not replace the first',
    metIn: 'etcd LeaderTransferSecondTransferToAnotherNode',
    file: 'core/transferring.ts',
    edits: [['role.transfer?.to !== to', 'role.transfer === undefined']],
    tests: TRANSFER_TESTS,
  },
];
