// The grace after a restore or recovery, as a row of each group's own: its chains may lack links that clients hold, so
// until it ends nothing is appended, and what clients bring back is collected. Time runs from when the group
// has a leader again, by the times of its log: a cluster that is not started yet uses none of it up.

import { bytes, GRACE_MAX_MS, map, oneOf, type ShapeType, uint } from '@rockpool/protocol';
import { GRACE_KEY } from './keys.ts';
import type { Rows } from './outcome.ts';
import { type Unversioned, versioned } from './rows.ts';

const graceShape = map(
  {
    v: oneOf(1),
    /** Which restore or recovery. */
    id: bytes(16),
    lengthMs: uint(GRACE_MAX_MS),
    /** Log time of the newest entry that the group had: what is lost came after it. */
    lostFrom: uint(),
  },
  /** Log times: no lost link is younger than the one, chains go on from the other. */
  { begun: uint(), until: uint() },
);
export type GraceRow = Unversioned<ShapeType<typeof graceShape>>;

export const graceRow = versioned(graceShape);

/** Undefined in a group that was never restored. */
export function graceIn(rows: Rows): GraceRow | undefined {
  const row = rows(GRACE_KEY);
  return row && graceRow.decode(row);
}

/** Are links collected at this time, and not appended? */
export function isCollecting(grace: GraceRow | undefined, timeMs: number): grace is GraceRow {
  return grace !== undefined && (grace.until === undefined || timeMs < grace.until);
}

/** A lost link entered the log in the time that was lost, whatever its bearer says. */
export function lostTime({ lostFrom, begun }: GraceRow, claimedMs: number, nowMs: number): number {
  return Math.max(lostFrom, Math.min(claimedMs, begun ?? nowMs));
}

/** When chains will go on, as far as it is known; undefined where they do. */
export function graceEndMs(grace: GraceRow | undefined, timeMs: number): number | undefined {
  if (!isCollecting(grace, timeMs)) return undefined;
  return grace.until ?? timeMs + grace.lengthMs;
}
