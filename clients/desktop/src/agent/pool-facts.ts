// What commands are told of a pool.

import type { FileEntry, PoolView } from '@rockpool/client-core';
import type { PoolSummary } from '../control/messages.ts';

export function summary(pool: PoolView): PoolSummary {
  return {
    id: pool.id,
    name: pool.name,
    members: pool.members.length,
    online: pool.members.filter(({ isMe, online }) => online && !isMe).length,
    devices: onlineDevices(pool),
  };
}

/** Other devices of the pool that are online, the person's own among them: whoever may take a file. */
export function onlineDevices(pool: PoolView): number {
  const devices = pool.members.flatMap((member) => member.devices);
  return devices.filter(({ isThis, path }) => !isThis && path !== 'offline').length;
}

export function fileEntries(pool: PoolView | undefined): readonly FileEntry[] {
  return (pool?.entries ?? []).filter((entry) => entry.kind === 'file');
}
