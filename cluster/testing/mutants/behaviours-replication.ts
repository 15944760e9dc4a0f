// Replication, flow and snapshots: each mutant lacks the behaviour that its id names.

import type { Mutant } from './mutant.ts';

const REPLICATION_TESTS = ['core/replication.test.ts'];
const FLOW_TESTS = ['core/flow.test.ts'];

export const REPLICATION: readonly Mutant[] = [
  {
    id: 'not-C30',
    mistake: 'a proposal is committed as soon as it is appended',
    metIn: 'etcd LeaderStartReplication',
    file: 'core/leader.ts',
    edits: [
      [
        'state.log.append(entry);\n  return { ok: true',
        'state.log.append(entry);\n  state.commitTo(entry.index);\n  return { ok: true',
      ],
    ],
    tests: REPLICATION_TESTS,
  },
  {
    id: 'not-C31',
    mistake: 'a commit is not told before the next entry is sent',
    metIn: 'etcd LeaderCommitEntry',
    file: 'core/progress.ts',
    edits: [
      [
        "return canTellCommit || this.#isProbeDue ? 'empty' : 'nothing';",
        "return canTellCommit && this.#isProbeDue ? 'empty' : 'nothing';",
      ],
    ],
    tests: REPLICATION_TESTS,
  },
  {
    id: 'not-C34',
    mistake: 'a follower does not take the commit index from an append',
    metIn: 'etcd FollowerCommitEntry',
    file: 'core/follower.ts',
    edits: [['state.commitTo(rules.followerCommit(message.commit, covered, log.lastIndex));', '']],
    tests: REPLICATION_TESTS,
  },
  {
    id: 'not-C41',
    mistake: 'who refuses a proposal does not say who leads',
    metIn: 'etcd ProposalByProxy, Proposal',
    file: 'core/raft.ts',
    edits: [
      [
        "if (role.kind !== 'leader') return { ok: false, code: 'NOT_LEADER', leader };\n    return proposeAsLeader",
        "if (role.kind !== 'leader') return { ok: false, code: 'NOT_LEADER', leader: leader && undefined };\n    return proposeAsLeader",
      ],
    ],
    tests: REPLICATION_TESTS,
  },
  {
    id: 'not-C42',
    mistake: 'a heartbeat carries the whole commit index, whatever its receiver has',
    metIn: 'etcd HandleHeartbeat, lagging_commit',
    file: 'core/heartbeats.ts',
    edits: [
      [
        'Math.min(state.commit, progress.matchIndex)',
        'Math.max(state.commit, progress.matchIndex)',
      ],
    ],
    tests: REPLICATION_TESTS,
  },
  {
    id: 'not-C43',
    mistake: 'a heartbeat’s answer brings no lost append again',
    metIn: 'etcd HandleHeartbeatResp',
    file: 'core/progress.ts',
    edits: [['if (this.#matchIndex < lastIndex) this.#isProbeDue = true;', '']],
    tests: REPLICATION_TESTS,
  },
  {
    id: 'not-C50',
    mistake: 'probing sends two appends for each heartbeat',
    metIn: 'etcd ProgressPaused, SendAppendForProgressProbe',
    file: 'core/progress.ts',
    edits: [
      [
        "if (this.#state === 'probe') {\n      this.#isProbeOut = true;",
        "if (this.#state === 'probe') {\n      this.#inflights.push({ lastIndex, bytes: 0 });\n      this.#isProbeOut = this.#inflights.length % 2 === 0;",
      ],
    ],
    tests: FLOW_TESTS,
  },
  {
    id: 'not-C51',
    mistake: 'the bytes under way are not bounded',
    metIn: 'etcd ProgressFlowControl, MsgAppFlowControl',
    file: 'core/progress.ts',
    edits: [['this.#inflightBytes >= this.#limits.inflightBytesMax', 'this.#inflightBytes < 0']],
    tests: FLOW_TESTS,
  },
  {
    id: 'not-C52',
    mistake: 'a full window whose messages were lost stays full',
    metIn: 'etcd replicate_pause, slow_follower_after_compaction',
    file: 'core/progress.ts',
    edits: [
      [
        'if (this.#matchIndex < lastIndex) this.#isProbeDue = true;',
        'if (this.#matchIndex < lastIndex && !this.#isWindowFull()) this.#isProbeDue = true;',
      ],
    ],
    tests: FLOW_TESTS,
  },
  {
    id: 'not-C53',
    mistake: 'a broken connection leaves the window as it was',
    metIn: 'etcd RecvMsgUnreachable',
    file: 'core/progress.ts',
    edits: [["if (this.#state === 'replicate') this.#probe();", '']],
    tests: FLOW_TESTS,
  },
  {
    id: 'not-C54',
    mistake: 'uncommitted bytes are not bounded',
    metIn: 'etcd UncommittedEntryLimit',
    file: 'core/leader.ts',
    edits: [
      [
        'role.uncommittedBytes + bytes > state.config.limits.uncommittedBytesMax',
        'role.uncommittedBytes + bytes < 0',
      ],
    ],
    tests: FLOW_TESTS,
  },
  {
    id: 'not-C81',
    mistake: 'a snapshot of what the log has is installed all the same',
    metIn: 'etcd RestoreIgnoreSnapshot',
    file: 'core/installing.ts',
    edits: [
      [
        'if (base.index <= state.commit || isInLog(state, message)) {',
        'if (base.index <= state.applied || !isInLog) {',
      ],
    ],
    tests: ['core/snapshot.test.ts'],
  },
];
