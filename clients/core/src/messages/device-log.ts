// The log of one device incarnation in one pool, as far as it is held without a gap.

import {
  type Bytes,
  NO_RECORD,
  type RecordHeader,
  toHex,
  type WireRecord,
} from '@rockpool/protocol';

export interface HeldRecord {
  readonly header: RecordHeader;
  /** As it travels and is stored. */
  readonly wire: WireRecord;
  readonly logKey: string;
}

export interface DeviceLog {
  readonly key: string;
  readonly device: Bytes;
  readonly incarnation: Bytes;
  readonly records: HeldRecord[];
  /** recordlink hash of the newest header: `previous` of the next one. */
  head: Bytes;
  /** Pool seq of the newest record; the next one may not go back behind it. */
  poolSeq: number;
}

export function logKeyOf(device: Bytes, incarnation: Bytes): string {
  return `${toHex(device)}/${toHex(incarnation)}`;
}

export function emptyLog(device: Bytes, incarnation: Bytes): DeviceLog {
  const key = logKeyOf(device, incarnation);
  return { key, device, incarnation, records: [], head: NO_RECORD, poolSeq: 0 };
}
