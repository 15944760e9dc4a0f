// Devices that are online and cannot be reached, told once each, and once more when they can.

import type { ClientView, DeviceView, Id, PathTrouble, PoolView } from '@rockpool/client-core';

export interface TroubleNews {
  readonly pool: PoolView;
  readonly person: { readonly id: Id; readonly name: string };
  readonly device: DeviceView;
  /** Undefined: it is reached now. */
  readonly trouble: PathTrouble | undefined;
}

export class TroubleReport {
  /** The code last told, by pool and device. */
  readonly #told = new Map<string, string>();

  take({ pools }: ClientView): readonly TroubleNews[] {
    const news: TroubleNews[] = [];
    for (const pool of pools) {
      for (const { userId: id, name, devices } of pool.members) {
        for (const device of devices) {
          const trouble = this.#changed(pool, device);
          if (trouble !== 'same') news.push({ pool, person: { id, name }, device, trouble });
        }
      }
    }
    return news;
  }

  #changed(pool: PoolView, device: DeviceView): PathTrouble | undefined | 'same' {
    const key = `${pool.id}/${device.deviceId}`;
    const told = this.#told.get(key);
    const { path, trouble } = device;
    if (trouble !== undefined) {
      if (told === trouble.code) return 'same';
      this.#told.set(key, trouble.code);
      return trouble;
    }
    // Who went offline is no news of the network.
    if (path !== 'connecting') this.#told.delete(key);
    return told !== undefined && (path === 'direct' || path === 'relayed') ? undefined : 'same';
  }
}
