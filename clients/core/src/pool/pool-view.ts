// One pool as a user interface sees it. Equal parts keep their identity from view to view.

import { isDeviceActive, type Ref, toHex } from '@rockpool/protocol';
import type { Mesh } from '../mesh/mesh.ts';
import type { DeviceView, MemberView } from '../view.ts';
import type { MemberSet } from './members.ts';
import type { People } from './people.ts';

export interface MemberViewInput {
  readonly pool: Ref;
  readonly members: MemberSet;
  readonly people: People;
  readonly mesh: Mesh;
  readonly selfUser: string;
  readonly selfDevice: string;
  readonly nowMs: number;
  /** This device's socket is authenticated, or it has an open connection. */
  readonly selfOnline: boolean;
}

export function memberViews(input: MemberViewInput): readonly MemberView[] {
  const byUser = new Map<string, DeviceView[]>();
  for (const [id, device] of input.members.devices) {
    const isThis = id === input.selfDevice;
    if (!isThis && !isDeviceActive(device.entry, input.nowMs)) continue;
    const user = toHex(device.user[1]);
    const list = byUser.get(user) ?? [];
    byUser.set(user, list);
    list.push({ deviceId: id, kind: device.entry.keys.kind, isThis, ...pathOf(input, id, isThis) });
  }
  return input.members.state.members.map(({ user, role }) => {
    const id = toHex(user[1]);
    const devices = byUser.get(id) ?? [];
    const online = devices.some((device) => device.path !== 'offline');
    return { ...input.people.person(id), role, isMe: id === input.selfUser, online, devices };
  });
}

function pathOf(
  { mesh, pool, selfOnline }: MemberViewInput,
  device: string,
  isThis: boolean,
): Pick<DeviceView, 'path' | 'roundTripMs'> {
  if (isThis) return { path: selfOnline ? 'direct' : 'offline' };
  return mesh.path(toHex(pool[1]), device);
}

/** The former value where nothing in it changed. Only for small plain data. */
export function reuse<T>(before: T | undefined, next: T): T {
  return before !== undefined && JSON.stringify(before) === JSON.stringify(next) ? before : next;
}

/** Element by element, so that one changed member leaves the others as they were. */
export function reuseEach<T>(before: readonly T[] | undefined, next: readonly T[]): readonly T[] {
  const each = next.map((value, i) => reuse(before?.[i], value));
  const same =
    before !== undefined && before.length === each.length && each.every((v, i) => v === before[i]);
  return same ? before : each;
}
