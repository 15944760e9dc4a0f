// What goes beyond the core: disks, nodes that come back, commands that are sent again. Each mutant lacks the
// behaviour that its id names.

import type { Mutant } from './mutant.ts';

export const BEYOND: readonly Mutant[] = [
  {
    id: 'not-X02',
    mistake: 'a damaged entry counts as absent: the log is taken up to it',
    metIn: 'TigerBeetle replica_test, dont nack',
    file: 'core/log.ts',
    edits: [
      [
        'const expected = chainChecksum(this.checksumAt(this.lastIndex), entry);',
        'const expected = chainChecksum(this.checksumAt(this.lastIndex), entry);\n      if (entry.checksum !== expected) break;',
      ],
    ],
  },
  {
    id: 'not-X05',
    mistake: 'an empty store is filled, under the name that its node had',
    metIn: 'openraft PR#2002, redisraft#2',
    file: 'store/verify-store.ts',
    edits: [
      [
        "if (first === undefined) throw new NodeError('STORE_EMPTY', 'Its data was lost or never made.');",
        '',
      ],
    ],
    tests: ['nodes.test.ts'],
  },
  {
    id: 'not-X07',
    mistake: 'a write that failed is forgotten, and the next one is made',
    metIn: 'openraft t99_issue_1795',
    file: 'storage/src/batch-writer.ts',
    edits: [['this.#poison = poison;', '']],
    tests: ['log-store.test.ts'],
  },
  {
    id: 'not-X10',
    mistake: 'a heartbeat takes back what an append before it has brought and nobody has committed',
    metIn: 'openraft t99_issue_1500',
    file: 'core/follower.ts',
    edits: [
      [
        'state.commitTo(message.commit);',
        'state.commitTo(message.commit);\n  if (state.log.lastIndex > state.commit) {\n    state.log.truncateFrom(state.commit + 1);\n    state.durability.truncatedFrom(state.commit + 1);\n  }',
      ],
    ],
  },
  {
    id: 'not-X13',
    mistake: 'a store that lost its newest batches is opened',
    metIn: 'openraft t61, t62',
    file: 'store/log-store.ts',
    edits: [['last?.requireReached(lastBatch, storeFailure);', '']],
    tests: ['black-box.test.ts', 'disk-damage.test.ts'],
  },
  {
    id: 'not-X06',
    mistake: 'while one follower is sent a snapshot, none gets appends',
    metIn: 'openraft t35, t90_issue_808',
    file: 'core/leader.ts',
    edits: [
      [
        'for (const [to, progress] of role.followers) {\n    // Ends',
        "for (const [to, progress] of role.followers) {\n    if ([...role.followers.values()].some(({ state }) => state === 'snapshot')) break;\n    // Ends",
      ],
    ],
  },
];
