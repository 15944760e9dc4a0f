// D: what a crash takes back.

import type { Mutant } from './mutant.ts';

export const DURABILITY: readonly Mutant[] = [
  {
    id: 'D2a',
    mistake: 'an append is acknowledged before it is durable',
    metIn: 'tikv#994, cornerstone#8, dragonboat#201, NATS 2.12.1 (Jepsen)',
    file: 'core/follower.ts',
    edits: [
      [
        "state.sendOnceDurable({\n    kind: 'appendAccepted',\n    to: from,\n    matchIndex: covered",
        "state.send({\n    kind: 'appendAccepted',\n    to: from,\n    matchIndex: covered",
      ],
    ],
  },
  {
    id: 'D2b',
    mistake: 'promises leave with the batch that they wait for',
    metIn: 'tikv#994, NATS 2.12.1 (Jepsen)',
    file: 'core/raft.ts',
    edits: [['if (waitFor === undefined) sendNow', 'if (waitFor !== 0) sendNow']],
  },
  {
    id: 'D4',
    mistake: 'a cut of the log is not written',
    metIn: 'tsoracle#260, keystone#1297',
    file: 'core/durability.ts',
    edits: [['this.#truncateFrom = Math.min(index, this.#truncateFrom ?? index);', '']],
  },
  {
    id: 'D9a',
    mistake: 'the leader counts its copy before it is durable',
    metIn: 'etcd#14370',
    file: 'core/rules.ts',
    edits: [
      [
        'leaderMatch: (durableIndex) => durableIndex',
        'leaderMatch: (_durable, lastIndex) => lastIndex',
      ],
    ],
  },
  {
    id: 'D9b',
    mistake: 'what is not durable here is applied here',
    metIn: 'etcd#14370',
    file: 'core/raft.ts',
    edits: [
      [
        'const to = Math.min(commit, durability.durableIndex);',
        'const to = Math.max(commit, durability.durableIndex * 0);',
      ],
    ],
  },
  {
    id: 'D11',
    mistake: 'of two snapshots the older one is installed over the newer one',
    metIn: 'etcd#18055',
    file: 'core/installing.ts',
    edits: [['base.index <= state.commit || isInLog', 'isInLog']],
  },
  {
    id: 'D14',
    mistake: 'a leader whose disk hangs goes on',
    metIn: 'hashicorp/raft#503, consul#22064, tarantool PR#9606',
    file: 'core/state.ts',
    edits: [
      [
        'return this.durability.stalledTicks(this.nowTick) >= this.config.electionTicks;',
        'return false;',
      ],
      [
        'return this.durability.stalledTicks(this.nowTick) * 2 >= this.config.electionTicks;',
        'return false;',
      ],
    ],
  },
  {
    id: 'D15',
    mistake:
      'the disk’s answer for entries that were replaced meanwhile counts for those in their place',
    metIn: 'etcd-io/raft, async_storage_writes_append_aba_race',
    file: 'core/durability.ts',
    edits: [
      [
        'for (const batch of this.#inFlight) batch.durableTo = Math.min(batch.durableTo, index - 1);',
        '',
      ],
    ],
  },
  {
    id: 'D16',
    mistake: 'the log is cut off beyond what is applied',
    metIn: 'cockroach#2815, cockroach PR#131063',
    file: 'core/rules.ts',
    edits: [
      [
        'isOverMax ? applied : Math.min(applied, neededFrom)',
        'Math.max(applied, neededFrom, isOverMax ? 1 : 0)',
      ],
    ],
  },
];
