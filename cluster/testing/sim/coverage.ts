// Counts what a run set has really exercised. A fault that never fires tests nothing, silently.

/** Everything that must have happened at least once in a run set of COVERAGE_SEEDS_MIN or more. */
const REQUIRED = [
  'fault.drop',
  'fault.delaySpike',
  'fault.duplicate',
  'fault.reorder',
  'fault.replay',
  'fault.corruptEntry',
  'fault.partition.symmetric',
  'fault.partition.oneWay',
  'fault.crash',
  'fault.crash.lostBatch',
  'fault.powerLoss',
  'fault.shortReign',
  'fault.pause',
  'fault.diskSpike',
  'fault.clockDrift',
  'fault.clockJump',
  'fault.unreachable',
  'fault.transfer',
  'fault.membership',
  'membership.joint',
  'membership.left',
  'membership.learners',
  'membership.refused',
  'membership.atRisk',
  'membership.behind',
  'membership.leaderLeaves',
  'membership.leaderLeft',
  'membership.ledByLeaving',
  'raft.leaderElected',
  'raft.preVoteLost',
  'raft.quorumLost',
  'raft.diskStalled',
  'raft.higherTerm',
  'raft.truncated',
  'raft.appendRejected',
  'raft.checksumRefused',
  'raft.compacted',
  'raft.snapshotSent',
  'raft.snapshotInstalled',
  'raft.snapshotNotNeeded',
  'raft.transferred',
  'raft.transferring',
  'raft.busy',
  'raft.notLeader',
  'client.acknowledged',
  'read.atLeader',
  'read.elsewhere',
  'read.failed',
  'read.busy',
  'read.noLeader',
  'nodes.1',
  'nodes.3',
  'nodes.5',
  'heal.minorityLeftDown',
] as const;

export type CoverageKey = (typeof REQUIRED)[number];
export type Coverage = Readonly<Record<CoverageKey, number>>;

export const COVERAGE_SEEDS_MIN = 30;

export class CoverageCounter {
  readonly #counts = new Map<CoverageKey, number>(REQUIRED.map((key) => [key, 0]));

  count(key: CoverageKey, times = 1): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + times);
  }

  add(other: Coverage): void {
    for (const key of REQUIRED) this.count(key, other[key]);
  }

  get missing(): readonly CoverageKey[] {
    return REQUIRED.filter((key) => this.#counts.get(key) === 0);
  }

  get all(): Coverage {
    return Object.fromEntries(this.#counts) as Record<CoverageKey, number>;
  }
}
