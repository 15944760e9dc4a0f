// A slot of each shard, for commands that belong to a group and to none of its slots.

import { SLOTS } from '@rockpool/protocol';

export function slotsOfGroups(cluster: {
  groupOf(slot: number): number;
}): ReadonlyMap<number, number> {
  const slots = new Map<number, number>();
  for (let slot = 0; slot < SLOTS; slot++) slots.set(cluster.groupOf(slot), slot);
  return slots;
}
