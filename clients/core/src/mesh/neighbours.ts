// Whom to connect to. Up to eight devices everybody knows everybody; above, all stand in a ring by
// id and each connects at distances 1, 2, 4, 8…, which both ends of a pair compute alike and which
// keeps the mesh connected with few links when single devices go.

import { FULL_MESH_DEVICES_MAX } from '../limits.ts';

/** `devices` holds all that are online, this one included; the answer leaves it out. */
export function neighbours(devices: readonly string[], self: string): readonly string[] {
  const ring = [...new Set(devices)].sort();
  const mine = ring.indexOf(self);
  if (mine < 0) return [];
  if (ring.length <= FULL_MESH_DEVICES_MAX) return ring.filter((id) => id !== self);
  return ring.filter((_, i) => {
    const ahead = (i - mine + ring.length) % ring.length;
    const behind = ring.length - ahead;
    return ahead !== 0 && (isPowerOfTwo(ahead) || isPowerOfTwo(behind));
  });
}

function isPowerOfTwo(n: number): boolean {
  return n > 0 && (n & (n - 1)) === 0;
}
