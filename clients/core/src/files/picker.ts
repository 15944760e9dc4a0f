// Which block to ask a source for: the rarest of those missing here, and in the endgame one that is
// on its way from somebody else already.

import { PICK_SCAN_BLOCKS_MAX } from '../limits.ts';
import type { Bitfield } from './bitfield.ts';

export interface PickState {
  readonly held: Bitfield;
  /** How often each block is on its way. */
  readonly underway: Uint8Array;
  /** How many connected sources have each block. */
  readonly sources: Uint16Array;
  /** Where the search begins: devices begin apart, so that they can trade. */
  readonly start: number;
}

/** The same block is asked of at most this many at once, in the endgame. */
const ENDGAME_COPIES_MAX = 2;

/** The block to ask for, or undefined when this source has nothing of use. */
export function pickBlock(
  state: PickState,
  source: Bitfield,
  asked: (block: number) => boolean,
): number | undefined {
  return search(state, source, 0, asked);
}

/** Once every missing block is under way, a second source may be asked for the slow ones. */
export function pickEndgame(
  state: PickState,
  source: Bitfield,
  asked: (block: number) => boolean,
): number | undefined {
  return search(state, source, ENDGAME_COPIES_MAX - 1, asked);
}

function search(
  { held, underway, sources, start }: PickState,
  source: Bitfield,
  copiesMax: number,
  asked: (block: number) => boolean,
): number | undefined {
  const count = held.length;
  let best: number | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  let seen = 0;
  for (let step = 0; step < count && seen < PICK_SCAN_BLOCKS_MAX; step++) {
    const block = (start + step) % count;
    const copies = underway[block] ?? 0;
    if (copies > copiesMax || held.has(block) || !source.has(block) || asked(block)) continue;
    seen++;
    const score = (sources[block] ?? 0) + copies * 65_536;
    if (score < bestScore) {
      best = block;
      bestScore = score;
      // Nothing can be rarer than a block that only this source has.
      if (score <= 1) break;
    }
  }
  return best;
}
