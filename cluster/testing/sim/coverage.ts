// Counts what a run set has really exercised. A fault that never fires tests nothing, silently.

import { FAULT_IDS, type FaultId, isFired } from './faults.ts';

/** What must have happened besides the faults. */
const EVENTS = [
  'fault.shortReign',
  'operator.join',
  'operator.leave',
  'operator.replace',
  'operator.joined',
  'operator.left',
  'operator.refused',
  'operator.died',
  'guard.readOnly',
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
  'raft.rested',
  'raft.roused',
  'raft.transferred',
  'raft.transferring',
  'raft.busy',
  'raft.notLeader',
  'client.acknowledged',
  'client.unknown',
  'client.refused',
  'read.atLeader',
  'read.elsewhere',
  'read.failed',
  'read.busy',
  'read.noLeader',
  'restart.graceful',
  'refused.damage',
  'nodes.1',
  'nodes.3',
  'nodes.5',
  'heal.minorityLeftDown',
] as const;

export type CoverageKey = FaultId | (typeof EVENTS)[number];
export type Coverage = Readonly<Record<CoverageKey, number>>;

/** Everything that must have happened at least once in a run set of COVERAGE_SEEDS_MIN or more. */
const REQUIRED: readonly CoverageKey[] = [...FAULT_IDS.filter(isFired), ...EVENTS];

/** From so many seeds on, a kind that never fired is a failure. */
export const COVERAGE_SEEDS_MIN = 200;

export class CoverageCounter {
  readonly #counts = new Map<CoverageKey, number>(
    [...FAULT_IDS, ...EVENTS].map((key) => [key, 0] as const),
  );

  count(key: CoverageKey, times = 1): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + times);
  }

  hasAny(...keys: readonly CoverageKey[]): boolean {
    return keys.some((key) => this.#counts.get(key) !== 0);
  }

  add(other: Coverage): void {
    for (const key of this.#counts.keys()) this.count(key, other[key]);
  }

  get missing(): readonly CoverageKey[] {
    return REQUIRED.filter((key) => this.#counts.get(key) === 0);
  }

  get all(): Coverage {
    return Object.fromEntries(this.#counts) as Record<CoverageKey, number>;
  }
}
