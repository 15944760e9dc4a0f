// The devices of this account as its verified chain lists them, whether or not a pool shows them.

import { isDeviceActive, toHex } from '@rockpool/protocol';
import { newest } from '../chains/held-chain.ts';
import type { Core } from '../engine/core.ts';
import type { OwnDeviceView } from '../view.ts';

/** This device first, then the newest; what has expired is gone. */
export function accountDevices(core: Core): readonly OwnDeviceView[] {
  const account = core.account();
  const chain = account && core.chains.user(account.user);
  if (account === undefined || chain === undefined) return [];
  const nowMs = core.platform.clock.nowMs();
  const self = toHex(account.device);
  const devices: OwnDeviceView[] = [];
  for (const entry of newest(chain).devices) {
    const deviceId = toHex(entry.id);
    const isThis = deviceId === self;
    if (!isThis && !isDeviceActive(entry, nowMs)) continue;
    devices.push({
      deviceId,
      kind: entry.keys.kind,
      isThis,
      addedMs: chain.links[entry.addedSeq]?.time ?? 0,
      expiryMs: entry.expiry,
      online: isThis || isSeen(core, deviceId),
    });
  }
  return devices.sort((a, b) => Number(b.isThis) - Number(a.isThis) || b.addedMs - a.addedMs);
}

/** Presence is told pool by pool: a device is seen in any that it shares with this one. */
function isSeen(core: Core, deviceId: string): boolean {
  for (const pool of core.rooms.keys()) {
    if (core.mesh.path(pool, deviceId).path !== 'offline') return true;
  }
  return false;
}
