// What `rockpool status` and `rockpool grace` say of a grace.

import type { GraceStatus } from '../grace/grace-status.ts';
import { ageOf } from './status-phrases.ts';

export function graceLines(
  { endsAtMs, chains, undecided }: GraceStatus,
  nowMs: number,
): readonly string[] {
  const lines: string[] = [];
  if (endsAtMs !== undefined) {
    const left = ageOf(endsAtMs - nowMs);
    const now = 'until then lost changes are taken back and new ones refused (CHAIN_GRACE)';
    lines.push(
      `grace for ${left} more, to ${new Date(endsAtMs).toISOString()}: ${now}; so far of ${chainsOf(chains)}`,
    );
  } else if (chains > undecided)
    lines.push(`grace over: branches are being chosen for ${chainsOf(chains - undecided)}`);
  if (undecided > 0) {
    lines.push(
      `a person has to choose for ${chainsOf(undecided)} (CHAIN_UNDECIDED): rockpool branches`,
    );
  }
  return lines;
}

function chainsOf(count: number): string {
  return count === 1 ? '1 account or pool' : `${count} accounts and pools`;
}
