// How much each group's Raft keeps in memory, on its way, and in its log.

import type { RaftLimits } from '../core/types.ts';
import { DEFAULT_RETENTION, type LogRetention } from '../options.ts';

const LIMITS = {
  appendBytesMax: 524_288,
  inflightAppendsMax: 64,
  inflightBytesMax: 4_194_304,
  uncommittedBytesMax: 16_777_216,
  applyBytesMax: 524_288,
  readsMax: 4_096,
};

export function groupLimits(
  retention: Partial<LogRetention> | undefined,
  given: Partial<RaftLimits>,
): RaftLimits {
  const kept = { ...DEFAULT_RETENTION, ...retention };
  return {
    ...LIMITS,
    logEntriesKept: kept.entries,
    logBytesKept: kept.bytes,
    logBytesMax: kept.bytesMax,
    ...given,
  };
}
