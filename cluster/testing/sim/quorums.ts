// Quorums as the checks see them: by counting and by trying, apart from the core's own arithmetic.

import type { Configuration, NodeId } from '../../src/core/entry.ts';

export function isQuorum(
  { voters, outgoing }: Configuration,
  has: (node: NodeId) => boolean,
): boolean {
  return [voters, outgoing].every(
    (half) => half.length === 0 || half.filter(has).length * 2 > half.length,
  );
}

/** Whether no two sets of nodes could decide, one by each configuration, without a node in both. */
export function alwaysMeet(a: Configuration, b: Configuration): boolean {
  const nodes = [...new Set([a, b].flatMap(({ voters, outgoing }) => [...voters, ...outgoing]))];
  for (let set = 0; set < 2 ** nodes.length; set += 1) {
    const isIn = (node: NodeId): boolean => ((set >> nodes.indexOf(node)) & 1) === 1;
    if (isQuorum(a, isIn) && isQuorum(b, (node) => !isIn(node))) return false;
  }
  return true;
}
