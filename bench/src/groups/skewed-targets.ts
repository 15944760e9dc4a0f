// A load as pools make it: some are busy, most are quiet. The share of each group falls with its rank (Zipf).
import type { Target } from '../raft/store-cluster.ts';

/** One target for each lane; the first groups come most often. */
export function skewedTargets(groups: readonly Target[], lanes: number): readonly Target[] {
  const weights = groups.map((_, rank) => 1 / (rank + 1));
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const targets: Target[] = [];
  let [rank, reached] = [0, weights[0] ?? 0];
  for (let lane = 0; lane < lanes; lane += 1) {
    while (reached / all < (lane + 0.5) / lanes && rank < groups.length - 1) {
      rank += 1;
      reached += weights[rank] ?? 0;
    }
    targets.push(...groups.slice(rank, rank + 1));
  }
  return targets;
}
