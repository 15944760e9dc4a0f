// What the person has set for this device alone.

import { decodeCbor, encodeCbor, map, oneOf } from '@rockpool/protocol';
import type { StorePort } from '../ports.ts';
import { rowKeys } from './row-keys.ts';
import type { RowWriter } from './row-writer.ts';

const settingsShape = map({ v: oneOf(1), hidesAddress: oneOf(0, 1) });
const SETTINGS_BYTES_MAX = 256;

export interface DeviceSettings {
  /** Other devices are not to learn this one's network address. */
  readonly hidesAddress: boolean;
}

/** Whoever wanted to be hidden stays so: settings that cannot be read count as that. */
export async function loadDeviceSettings(store: StorePort): Promise<DeviceSettings> {
  const row = await store.get(rowKeys.settings);
  if (row === undefined) return { hidesAddress: false };
  const decoded = decodeCbor(row, settingsShape, SETTINGS_BYTES_MAX);
  return { hidesAddress: !decoded.ok || decoded.value.hidesAddress === 1 };
}

export function saveDeviceSettings(writer: RowWriter, settings: DeviceSettings): Promise<void> {
  const row = { v: 1 as const, hidesAddress: settings.hidesAddress ? (1 as const) : (0 as const) };
  return writer.put(rowKeys.settings, encodeCbor(row));
}
