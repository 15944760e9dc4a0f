// What no run is without, whatever else its seed has drawn: a restart, a transfer of leadership, a change of members and a
// snapshot. Bad times that end without one of them go on until it has come.

import type { CoverageCounter } from './coverage.ts';

export interface Certain<Kind extends string> {
  /** What strikes, so that it comes. */
  readonly kind: Kind;
  readonly hasCome: (coverage: CoverageCounter) => boolean;
}

export type CertainKind = 'crash' | 'transfer' | 'membership';
export type CertainStackKind = 'restart' | 'transfer' | 'membership';

/** So often at most: where one node votes alone nobody can take its place, and too many damaged disks let nobody join. */
export const CERTAIN_TRIES_MAX = 40;

/** Whoever joins is sent a snapshot. */
export const IN_EVERY_RUN: readonly Certain<CertainKind>[] = [
  { kind: 'membership', hasCome: (coverage) => coverage.hasAny('O1') },
  { kind: 'membership', hasCome: (coverage) => coverage.hasAny('raft.snapshotInstalled') },
  { kind: 'transfer', hasCome: (coverage) => coverage.hasAny('O2') },
  { kind: 'transfer', hasCome: (coverage) => coverage.hasAny('raft.transferred') },
  { kind: 'crash', hasCome: (coverage) => coverage.hasAny('P1', 'P3', 'P5') },
];

/** A hundred groups take no new nodes within such a run: of these only a restart and a transfer. */
export const IN_EVERY_STACK: readonly Certain<CertainStackKind>[] = [
  {
    kind: 'membership',
    hasCome: (coverage) => coverage.hasAny('membership.joint', 'membership.learners'),
  },
  { kind: 'membership', hasCome: (coverage) => coverage.hasAny('raft.snapshotSent') },
  { kind: 'transfer', hasCome: (coverage) => coverage.hasAny('O2') },
  { kind: 'restart', hasCome: (coverage) => coverage.hasAny('P1', 'P3', 'P5', 'restart.graceful') },
];
