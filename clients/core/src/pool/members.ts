// The members of a pool and their devices, from verified chains alone.

import {
  type Bytes,
  type DeviceEntry,
  isDeviceActive,
  type PoolState,
  type Ref,
  toHex,
} from '@rockpool/protocol';
import type { Chains } from '../chains/chains.ts';
import { newest } from '../chains/held-chain.ts';
import type { MeshDevice } from '../mesh/mesh-host.ts';

export interface MemberDevice extends MeshDevice {
  readonly entry: DeviceEntry;
  /** Seq of the pool link by which the owner became a member. */
  readonly joinedSeq: number;
}

export interface MemberSet {
  readonly state: PoolState;
  /** By device id in hex, expired ones too. */
  readonly devices: ReadonlyMap<string, MemberDevice>;
  /** A member whose devices are not known at all. */
  readonly unread: boolean;
  readonly forked: boolean;
}

export function readMembers(chains: Chains, state: PoolState): MemberSet {
  const devices = new Map<string, MemberDevice>();
  let unread = false;
  let forked = false;
  for (const { user, joinedSeq } of state.members) {
    const chain = chains.user(user);
    forked ||= chains.forked('user', user);
    if (chain === undefined) {
      unread = true;
      continue;
    }
    for (const entry of newest(chain).devices) {
      const { sign, ecdh } = entry.keys;
      const device = { user, device: entry.id, sign, ecdh, entry, joinedSeq };
      devices.set(toHex(entry.id), device);
    }
  }
  return { state, devices, unread, forked };
}

/** A device that may be connected to now. */
export function activeDevice(
  members: MemberSet,
  device: Bytes,
  nowMs: number,
): MeshDevice | undefined {
  const found = members.devices.get(toHex(device));
  return found && isDeviceActive(found.entry, nowMs) ? found : undefined;
}

export function isMember(members: MemberSet, user: Ref): boolean {
  const id = toHex(user[1]);
  return members.state.members.some((member) => toHex(member.user[1]) === id);
}
