// What a record of our own, come back from a peer, says about our log. Only a signature of this
// device is evidence: what a peer merely claims about our log moves nothing.

import { type Bytes, equalBytes, type SignedRecord } from '@rockpool/protocol';
import type { DeviceLog, HeldRecord } from './device-log.ts';

const SIGNATURE_BYTES = 64;

/** Is this, apart from its signature, the record that is held? */
export function isHeld(held: HeldRecord, headerBytes: Bytes): boolean {
  const { record } = held.wire;
  return equalBytes(record.subarray(0, record.length - SIGNATURE_BYTES), headerBytes);
}

/**
 * The first seq of the log from which on what we hold is not what others hold; the log's length
 * where they only hold more. Undefined: nothing is wrong.
 */
export function conflictAt(log: DeviceLog, signed: SignedRecord): number | undefined {
  const { seq, previous } = signed.header;
  const held = log.records[seq];
  if (held !== undefined) return isHeld(held, signed.headerBytes) ? undefined : seq;
  const { length } = log.records;
  if (seq > length || equalBytes(previous, log.head)) return length;
  return length > 0 ? length - 1 : undefined;
}
