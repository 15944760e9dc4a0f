// D: what a crash takes back.

import { KEY_KIND } from '../../src/format/store-key.ts';
import type { Mutant } from './mutant.ts';

/** One batch, as two writes between which the process may die. */
function inTwoParts(isFirst: string): string {
  return `const isFirst = (operation: WriteOperation): boolean => ${isFirst};
      await this.#store.write(batch.operations.filter(isFirst));
      await this.#store.write(batch.operations.filter((operation) => !isFirst(operation)));`;
}

export const DURABILITY: readonly Mutant[] = [
  {
    id: 'D1',
    mistake: 'term, vote and commit index are stored in one batch, the entries in a later one',
    metIn: 'etcd PR#8455, cockroach#2592, curvine#1368',
    file: 'storage/src/batch-writer.ts',
    edits: [
      [
        'await this.#store.write(batch.operations);',
        inTwoParts(`operation.key[0] === ${KEY_KIND.hardState}`),
      ],
    ],
  },
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
    id: 'D2c',
    mistake: 'a batch counts as written before the disk has confirmed it',
    metIn: 'NATS 2.12.1 (Jepsen)',
    file: 'storage/src/batch-writer.ts',
    edits: [
      [
        'await this.#store.write(batch.operations);',
        'this.#store.write(batch.operations).catch(() => {});',
      ],
    ],
  },
  {
    id: 'D3',
    mistake: 'a write that failed is taken for done',
    metIn: 'cockroach#37102, rostam#94, raft-engine PR#131',
    file: 'storage/src/batch-writer.ts',
    edits: [
      [
        'await this.#store.write(batch.operations);',
        'await this.#store.write(batch.operations).catch(() => {});',
      ],
    ],
  },
  {
    id: 'D4',
    mistake: 'a cut of the log is not written',
    metIn: 'tsoracle#260, keystone#1297',
    file: 'core/durability.ts',
    edits: [['this.#truncateFrom = Math.min(index, this.#truncateFrom ?? index);', '']],
  },
  {
    id: 'D5',
    mistake: 'entries are deleted in one batch, and where the log goes on is stored in a later one',
    metIn: 'keystone#1297',
    file: 'storage/src/batch-writer.ts',
    edits: [['await this.#store.write(batch.operations);', inTwoParts('operation.value === null')]],
  },
  {
    id: 'D6',
    mistake: 'nobody notices that batches are missing from the middle of the store',
    metIn: 'leveldb#251, leveldb#193, pebble#4526, nats PR#7587',
    file: 'storage/src/batch-numbers.ts',
    edits: [['if (count !== expected || sum !== gapless) {', 'if (count > expected) {']],
  },
  {
    id: 'D6b',
    mistake: 'nobody notices that batches are missing from the end of the store',
    metIn: 'leveldb#251, nats PR#7587',
    file: 'store/log-store.ts',
    edits: [['last?.requireReached(lastBatch, storeFailure);', '']],
  },
  {
    id: 'D7a',
    mistake: 'followers take an entry whose bits were flipped on its way',
    metIn: 'NATS 2.12.1 (Jepsen)',
    file: 'core/follower.ts',
    edits: [
      ["if (entry.checksum !== expected) return 'checksumChain';", 'if (expected < 0) return;'],
    ],
  },
  {
    id: 'D7b',
    mistake: 'what lies on the disk is not verified at a start',
    metIn: 'NATS 2.12.1 (Jepsen)',
    file: 'store/log-store.ts',
    edits: [['await store.verify();', '']],
  },
  {
    id: 'D8',
    mistake: 'of term and vote only the half is written',
    metIn: 'ROCm/spur PR#635',
    file: 'driver/log-operations.ts',
    edits: [['encodeHardState(hardState)', 'encodeHardState({ ...hardState, vote: undefined })']],
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
    id: 'D10',
    mistake: 'how far is applied is stored before what was applied',
    metIn: 'etcd#13766, etcd#14685, etcd#17780',
    file: 'driver/group-member.ts',
    edits: [
      ['const page = await applyCommands(entries, this.#apply);', ''],
      [
        "this.#store.stage([...page.operations, applied], 'lazy');",
        `this.#store.stage([applied], 'urgent');
      const page = await applyCommands(entries, this.#apply);
      this.#store.stage(page.operations, 'lazy');`,
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
    id: 'D12a',
    mistake:
      'the log gives way to a snapshot in one batch, and its rows take their place in a later one',
    metIn: 'clickhouse/NuRaft#185, etcd#5518',
    file: 'store/log-store.ts',
    edits: [
      [
        "this.#writer.stage([...operations, record], 'urgent', () => {",
        "this.#writer.stage(operations, 'urgent', () => this.#writer.stage([record], 'urgent', () => {",
      ],
      [
        'this.#durableSides.set(group, side);\n      durable();\n    });',
        'this.#durableSides.set(group, side);\n      durable();\n    }));',
      ],
    ],
  },
  {
    id: 'D12b',
    mistake: 'what a snapshot that was cut short has left mixes with the next one',
    metIn: 'clickhouse/NuRaft#185',
    file: 'driver/snapshot-receiver.ts',
    edits: [['await this.#ports.clear();', '']],
  },
  {
    id: 'D13a',
    mistake: 'a node that comes back with a disk of the past is heard as before',
    metIn: 'matrixone#25029, nexus PR#3939, openraft PR#2002, redisraft#2',
    file: 'peer/peer-memory.ts',
    edits: [
      [
        'if (known !== undefined && isPast(claim, known)) {',
        'if (known !== undefined && isPast(known, known)) {',
      ],
    ],
  },
  {
    id: 'D13b',
    mistake:
      'a disk of the past counts as a new one once it has written as much again as it had lost',
    metIn: 'this repository: cluster/test/peer-port.test.ts',
    file: 'peer/peer-memory.ts',
    edits: [['return claim.bootBatch <= known.batch;', 'return claim.batch <= known.batch;']],
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
