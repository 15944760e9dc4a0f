// The checksum chain of the checked logs. It covers where an entry stands, of what term and kind it is and the
// bytes of its command, but no node's name: so logs that differ in who is who differ in that alone. Whom a
// configuration names, the invariants compare.

import type { EntryContent } from '../../src/core/entry.ts';
import { chainChecksum } from '../sim/chain-checksum.ts';

export function placeChecksum(previousChecksum: number, content: EntryContent): number {
  const { configuration, ...rest } = content;
  return chainChecksum(previousChecksum, configuration === undefined ? content : rest);
}
