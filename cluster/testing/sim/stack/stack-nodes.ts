// The nodes of the full world, as its cluster comes to list them.

import type { MemberNode } from '../../../src/meta/meta-records.ts';

export const CLUSTER_ID = 'c1'.repeat(16);

export function nodeOf(at: number): MemberNode {
  const name = String(at + 1);
  const id = `0${name}`.repeat(16);
  return {
    id,
    name,
    peerAddress: `10.0.0.${name}:1`,
    fingerprint: `f${name}`.repeat(32),
    incarnation: `a${name}`.repeat(16),
  };
}
