// What commands are told of a pool.

import type { FileEntry, PoolView } from '@rockpool/client-core';
import type { PoolSummary } from '../control/messages.ts';

export function summary(pool: PoolView): PoolSummary {
  const others = pool.members.flatMap(({ devices }) => devices).filter(({ isThis }) => !isThis);
  return {
    id: pool.id,
    name: pool.name,
    members: pool.members.length,
    online: onlineOthers(pool),
    devices: others.filter(({ path }) => path === 'direct').length,
  };
}

export function onlineOthers(pool: PoolView): number {
  return pool.members.filter(({ isMe, online }) => online && !isMe).length;
}

export function fileEntries(pool: PoolView | undefined): readonly FileEntry[] {
  return (pool?.entries ?? []).filter((entry) => entry.kind === 'file');
}
