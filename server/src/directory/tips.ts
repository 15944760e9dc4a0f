// The newest links of all branches: those that no other one follows.

import { type BranchLink, type Bytes, toHex } from '@rockpool/protocol';

export function tipsOf(links: readonly Pick<BranchLink, 'hash' | 'prev'>[]): readonly Bytes[] {
  const followed = new Set(links.map(({ prev }) => toHex(prev)));
  return links.flatMap(({ hash }) => (followed.has(toHex(hash)) ? [] : [hash]));
}
