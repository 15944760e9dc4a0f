// C: reads that show the past.

import type { Mutant } from './mutant.ts';

export const READS: readonly Mutant[] = [
  {
    id: 'C1',
    mistake: 'a leader answers a read without asking whether it still leads, as by a lease',
    metIn: 'tikv#964, jraft PR#34',
    file: 'core/rules.ts',
    edits: [['answeredRound >= readRound', 'answeredRound + readRound >= 0']],
  },
  {
    id: 'C2a',
    mistake: 'a read is confirmed by any round of heartbeats',
    metIn: 'etcd#20418, etcd-io/raft PR#397',
    file: 'core/rules.ts',
    edits: [['answeredRound >= readRound', 'answeredRound > 0 && readRound > 0']],
  },
  {
    id: 'C2b',
    mistake: 'the answer to a read of a process before counts for one of this process',
    metIn: 'etcd#20418',
    file: 'core/reading.ts',
    edits: [['if (boot === state.config.boot) state.reads', 'if (boot > 0) state.reads']],
  },
  {
    id: 'C3',
    mistake: 'a leader reads before it has committed in its term',
    metIn: 'redisraft PR#22, yugabyte#16',
    file: 'core/rules.ts',
    edits: [
      ['mayRead: (commitTerm, leaderTerm) => commitTerm === leaderTerm', 'mayRead: () => true'],
    ],
  },
  {
    id: 'C4',
    mistake:
      'a leader that hands over answers reads by itself, though its successor may lead already',
    metIn: 'tikv#9208, tikv PR#4688',
    file: 'core/reading.ts',
    edits: [
      [
        'state.rules.confirmsRead(answered, round)',
        'role.transfer?.isTold === true || state.rules.confirmsRead(answered, round)',
      ],
    ],
  },
  {
    id: 'C5',
    mistake: 'any one follower confirms a read',
    metIn: 'openraft d60f1e85',
    file: 'core/reading.ts',
    edits: [
      [
        'const answered = answeredRound(state, role, ({ ackedRound }) => ackedRound);',
        'const answered = Math.max(...Array.from(role.followers.values(), (each) => each.ackedRound));',
      ],
    ],
  },
  {
    id: 'C6',
    mistake: 'a read is answered before its index is applied',
    metIn: 'dqlite#258',
    file: 'core/own-reads.ts',
    edits: [
      [
        'this.#confirmed.filter(({ index }) => index <= applied);\n    this.#confirmed = this.#confirmed.filter(({ index }) => index > applied);',
        'applied < 0 ? [] : this.#confirmed;\n    this.#confirmed = [];',
      ],
    ],
  },
];
