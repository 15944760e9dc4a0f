// Replication, flow and snapshots: each mutant lacks the behaviour that its id names.

import type { Mutant } from './mutant.ts';

const REPLICATION_TESTS = ['core/replication.test.ts'];
const FLOW_TESTS = ['core/flow.test.ts'];
const SNAPSHOT_TESTS = ['core/snapshot.test.ts'];

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
    tests: SNAPSHOT_TESTS,
  },
  {
    id: 'not-C33',
    mistake: 'what earlier terms have left holds up every commit',
    metIn: 'etcd LeaderCommitPrecedingEntries',
    file: 'core/leader.ts',
    edits: [
      [
        '!rules.mayCommit(log.termAt(index) ?? 0, state.term)',
        '!rules.mayCommit(log.termAt(before + 1) ?? 0, state.term)',
      ],
    ],
    tests: REPLICATION_TESTS,
  },
  {
    id: 'not-C35',
    mistake: 'an append is taken although the log disagrees with what precedes it',
    metIn: 'etcd FollowerCheckMsgApp',
    file: 'core/follower.ts',
    edits: [
      [
        'if (log.termAt(previousIndex) !== previousTerm) {',
        'if (log.termAt(previousIndex) === undefined && previousTerm > 0) {',
      ],
    ],
    tests: REPLICATION_TESTS,
  },
  {
    id: 'not-C40',
    mistake: 'a new leader appends no empty entry',
    metIn: 'etcd CommitWithoutNewTermEntry',
    file: 'core/leader.ts',
    edits: [['  log.append(noopEntry(state));\n', '']],
    tests: REPLICATION_TESTS,
  },
  {
    id: 'not-C47',
    mistake: 'who has everything is sent an append for every heartbeat that it answers',
    metIn: 'etcd MsgAppRespWaitReset',
    file: 'core/progress.ts',
    edits: [
      [
        'if (this.#matchIndex < lastIndex) this.#isProbeDue = true;',
        'if (this.#matchIndex <= lastIndex) this.#isProbeDue = true;',
      ],
    ],
    tests: REPLICATION_TESTS,
  },
  {
    id: 'not-C55',
    mistake: 'all that is committed is handed out at once',
    metIn: 'etcd CommitPagination',
    file: 'core/raft.ts',
    edits: [
      ['log.page(applied + 1, to, config.limits.applyBytesMax)', 'log.slice(applied + 1, to)'],
    ],
    tests: FLOW_TESTS,
  },
  {
    id: 'not-C73',
    mistake: 'reads that are answered take up room for ever',
    metIn: 'etcd RaftFreesReadOnlyMem',
    file: 'core/leader-reads.ts',
    edits: [['for (const { reads } of taken) this.#count -= reads.length;', '']],
    tests: ['core/read-index.test.ts'],
  },
  {
    id: 'not-C84',
    mistake: 'a follower that a snapshot brought to the log gets no appends all the same',
    metIn: 'etcd snapshot_succeed_via_app_resp',
    file: 'core/progress.ts',
    edits: [
      [
        "const goesOn = this.#state === 'probe' || isOnLog;",
        "const goesOn = this.#state === 'probe' && !isOnLog;",
      ],
    ],
    tests: SNAPSHOT_TESTS,
  },
  {
    id: 'not-C85',
    mistake: 'only the snapshot that was asked for counts, not one before it that reaches the log',
    metIn: 'etcd snapshot_succeed_via_app_resp_behind',
    file: 'core/progress.ts',
    edits: [
      [
        'matchIndex + 1 >= firstIndex;',
        'matchIndex >= Math.max(this.#pendingSnapshot, firstIndex - 1);',
      ],
    ],
    tests: SNAPSHOT_TESTS,
  },
  {
    id: 'not-C86',
    mistake: 'a log that was cut forgets the term that it goes on from',
    metIn: 'etcd log_test, storage_test',
    file: 'core/log.ts',
    edits: [
      [
        'const base = baseAt(last, this.configurationAt(index));',
        'const base = { ...baseAt(last, this.configurationAt(index)), term: 0 };',
      ],
    ],
    tests: SNAPSHOT_TESTS,
  },
];
