// How far a grace is, over all groups, for operators and for the hello that clients get.

import { type GraceRow, graceEndMs } from '../directory/grace.ts';
import type { GroupReader, RowReader } from '../directory/ports.ts';
import { collectedChains, graceOf } from './grace-queries.ts';

export interface GraceReader extends RowReader, GroupReader {
  readonly groups: readonly number[];
}

export interface GraceStatus {
  /** Until then links are collected; missing where that is over. */
  readonly endsAtMs?: number;
  /** Chains of which links were brought back and no branch is chosen yet. */
  readonly chains: number;
  /** Those of them between whose branches a person has to choose. */
  readonly undecided: number;
}

/** As this node has them. */
export function gracesOf(
  reader: Pick<GraceReader, 'groups' | 'getOfGroup'>,
): Promise<readonly (GraceRow | undefined)[]> {
  return Promise.all(reader.groups.map((group) => graceOf(reader, group)));
}

/** When the last group's grace will end; undefined where all chains go on. */
export function lastEndMs(
  graces: readonly (GraceRow | undefined)[],
  nowMs: number,
): number | undefined {
  const ends = graces.flatMap((grace) => graceEndMs(grace, nowMs) ?? []);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** Undefined where there is nothing to tell. */
export async function graceStatus(
  reader: GraceReader,
  nowMs: number,
): Promise<GraceStatus | undefined> {
  const endsAtMs = lastEndMs(await gracesOf(reader), nowMs);
  let [chains, undecided] = [0, 0];
  for (const group of reader.groups) {
    for await (const { branches } of collectedChains(reader, group)) {
      chains += 1;
      if (branches.open !== undefined) undecided += 1;
    }
  }
  if (endsAtMs === undefined && chains === 0) return undefined;
  return { chains, undecided, ...(endsAtMs === undefined ? {} : { endsAtMs }) };
}
