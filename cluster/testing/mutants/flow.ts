// F: flow, snapshots, transfer, and the life of a node.

import type { Mutant } from './mutant.ts';

export const FLOW: readonly Mutant[] = [
  {
    id: 'F1a',
    mistake: 'heartbeats are not answered',
    metIn: 'cockroach#315',
    file: 'core/follower.ts',
    edits: [
      [
        "state.send({\n    kind: 'heartbeatReply'",
        "state.leader === '' && state.send({\n    kind: 'heartbeatReply'",
      ],
    ],
  },
  {
    id: 'F1b',
    mistake: 'a lost append is never sent again',
    metIn: 'cockroach#315',
    file: 'core/progress.ts',
    edits: [
      [
        "if (this.#state === 'snapshot') return;\n    this.#isProbeOut = false;",
        "if (this.#state === 'snapshot') return;",
      ],
      ['if (this.#matchIndex < lastIndex) this.#isProbeDue = true;', ''],
    ],
  },
  {
    id: 'F2a',
    mistake: 'groups rest although nothing is heard of the nodes that they depend on',
    metIn: 'cockroach#9561',
    file: 'driver/quiescence.ts',
    edits: [
      [
        'if (this.#nowTick - heardAtTick < this.#silentTicksMax) continue;',
        'if (heardAtTick <= this.#nowTick) continue;',
      ],
    ],
  },
  {
    id: 'F2b',
    mistake: 'a group rests although a follower lacks the end of its log',
    metIn: 'cockroach PR#31112',
    file: 'core/quiescence.ts',
    edits: [
      [
        'const isThere = isLive(role, progress) && progress.isSettled(log.lastIndex, commit);',
        'const isThere = isLive(role, progress) && log.lastIndex >= commit;',
      ],
      [
        'if (!isOurs || state.log.lastIndex !== index || !isSettled(state)) return false;',
        'if (!isOurs || state.log.lastIndex > index) return false;',
      ],
    ],
    tests: ['core/quiescence.test.ts'],
  },
  {
    id: 'F2c',
    mistake: 'a leader rests on although one of its followers is awake',
    metIn: 'cockroach#9372, #26257',
    file: 'driver/quiescence.ts',
    edits: [
      [
        'else if (rest.needs.includes(nodeId) && !peer.agrees(group, quiet)) this.rouse(group);',
        'else if (rest.needs.includes(nodeId) && !peer.agrees(group, quiet)) continue;',
      ],
    ],
    tests: ['quiescence.test.ts'],
  },
  {
    id: 'F3',
    mistake:
      'after a standstill every tick that was missed is made up for at once, and campaigns follow',
    metIn: 'cockroach#17741',
    file: 'driver/tick-wheel.ts',
    edits: [
      ['const CATCH_UP_TICKS_MAX = 1;', 'const CATCH_UP_TICKS_MAX = 1_000;'],
      [
        'lagMs <= (heartbeatTicks * tickMs) / 2',
        'lagMs <= Number.POSITIVE_INFINITY && heartbeatTicks > 0',
      ],
    ],
  },
  {
    id: 'F4',
    mistake: 'a transfer that does not come about never ends',
    metIn: 'hashicorp/raft#696, redpanda PR#24404',
    file: 'core/transferring.ts',
    edits: [
      ['if (transfer.elapsedTicks >= state.config.electionTicks) role.transfer = undefined;', ''],
    ],
  },
  {
    id: 'F5',
    mistake: 'who waits for an answer is not told that there will be none',
    metIn: 'openraft 43dd8b6f',
    file: 'core/own-reads.ts',
    edits: [
      ['this.#failed.push(...this.#asked.keys());', ''],
      ['this.#failed.push(read);\n    }\n  }', '}\n  }'],
    ],
  },
  {
    id: 'F6',
    mistake: 'a command that is sent again is applied again',
    metIn: 'curvine#676, fluree/db PR#1716, hashicorp/raft#142',
    file: 'sessions/session-table.ts',
    edits: [["if (sequences.has(sequence)) return 'repeated';", '']],
    tests: ['exactly-once.test.ts'],
  },
  {
    id: 'F7',
    mistake: 'a snapshot is installed under a page that is being applied',
    metIn: 'openraft eed681d5, openraft 2eccb9e1',
    file: 'core/rules.ts',
    edits: [
      [
        'mayInstall: (handedToApply, applied) => handedToApply === applied',
        'mayInstall: () => true',
      ],
    ],
  },
  {
    id: 'F8',
    mistake: 'a snapshot is sent to one that was not heard',
    metIn: 'openraft#808, openraft d012705d',
    file: 'core/leader.ts',
    edits: [
      ['if (!progress.isHeard || state.applied === 0) return;', 'if (state.applied === 0) return;'],
    ],
  },
  {
    id: 'F9',
    mistake: 'as many snapshots as are wanted are sent at once',
    metIn: 'cockroach#8056',
    file: 'driver/snapshot-sender.ts',
    edits: [['const OUTGOING_MAX = 2;', 'const OUTGOING_MAX = 1_000;']],
    tests: ['snapshot-transfer.test.ts'],
  },
  {
    id: 'F12',
    mistake: 'a restarted node does not apply again what it had not stored as applied',
    metIn: 'openraft#1246',
    file: 'core/state.ts',
    edits: [
      [
        'this.applied = config.applied;',
        'this.applied = Math.max(config.applied, hardState.commit);',
      ],
      [
        'this.handedToApply = config.applied;',
        'this.handedToApply = Math.max(config.applied, hardState.commit);',
      ],
    ],
  },
  {
    id: 'F13',
    mistake: 'the search for where two logs agree goes back one entry at a time',
    metIn: 'openraft 6d53aa12',
    file: 'core/progress.ts',
    edits: [
      [
        'Math.min(rejectedIndex, agreementIndex + 1)',
        'Math.max(rejectedIndex, agreementIndex * 0)',
      ],
    ],
  },
  {
    id: 'F14',
    mistake: 'what was compacted away reads as an empty log',
    metIn: 'openraft#1601, openraft#1544',
    file: 'core/leader.ts',
    edits: [
      [
        'const previousTerm = log.termAt(previousIndex);',
        'const previousTerm = log.termAt(previousIndex) ?? 0;',
      ],
    ],
  },
  {
    id: 'F15',
    mistake: 'a node that moved is looked for where the membership lists it, whatever it says',
    metIn: 'this repository: cluster/test/sim/regressions',
    file: 'node/start-cluster.ts',
    edits: [['this.#addresses.of(node)', 'node.peerAddress']],
  },
  {
    id: 'F16a',
    mistake: 'chunks that a follower holds from a transfer that broke off are not gone on from',
    metIn: 'this repository: cluster/test/snapshot-transfer.test.ts',
    file: 'driver/snapshot-sender.ts',
    edits: [
      ['else if (answer.next > chunk.number) {', 'else if (answer.next === chunk.number + 1) {'],
    ],
  },
  {
    id: 'F16b',
    mistake: 'a snapshot that was received and not installed is called received ever after',
    metIn: 'this repository: cluster/test/group-member.test.ts',
    file: 'driver/group-member.ts',
    edits: [['this.#receiver.forget();', '']],
  },
];
