// The link that adds a device by the signature of another one, as its two devices make it together.

import {
  type Bytes,
  DEVICE_LIFE_MAX_MS,
  type DeviceAdd,
  type DeviceKeys,
  decodeCbor,
  deviceAddShape,
  EXPIRY_MARGIN_MS,
  encodeCbor,
  STATEMENT_BYTES_MAX,
  type UserState,
} from '@rockpool/protocol';

/** The next link of the chain. */
export function deviceAdd(state: UserState, device: DeviceKeys, nowMs: number): Bytes {
  return encodeCbor({
    v: 1,
    kind: 'device.add',
    user: state.ref,
    seq: state.seq + 1,
    prev: state.head,
    time: nowMs,
    device,
    capability: 'full',
    expiry: nowMs + DEVICE_LIFE_MAX_MS - EXPIRY_MARGIN_MS,
  });
}

/** Undefined for anything else. */
export function readDeviceAdd(link: Bytes): DeviceAdd | undefined {
  const decoded = decodeCbor(link, deviceAddShape, STATEMENT_BYTES_MAX);
  return decoded.ok ? decoded.value : undefined;
}
