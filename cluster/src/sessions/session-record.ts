// One session as a row of its group, [STO-16]. Rest of the key: the session u64, which is the index of the
// entry that opened it. Session = client id (16) | last use u64 (index of its newest entry) | oldest u64 | count
// u16 | count times (first u16, last u16): the sequences that are taken, counted from the oldest, ascending
// and apart.

import { ByteReader, ByteWriter } from '../format/bytes.ts';
import { KEY_KIND, storeKey } from '../format/store-key.ts';
import { SEQUENCES_OPEN_MAX, type SequenceRange } from './sequence-set.ts';

const HEAD_BYTES = 34;

export interface SessionRecord {
  /** 16 bytes. */
  readonly clientId: Uint8Array;
  readonly lastUse: number;
  readonly oldest: number;
  readonly ranges: readonly SequenceRange[];
}

export function sessionKey(group: number, session: number): Uint8Array {
  return storeKey(KEY_KIND.session, group, new ByteWriter(8).u64(session).finish());
}

export function encodeSession(record: SessionRecord): Uint8Array {
  const { clientId, lastUse, oldest, ranges } = record;
  const writer = new ByteWriter(HEAD_BYTES + ranges.length * 4)
    .bytes(clientId)
    .u64(lastUse)
    .u64(oldest)
    .u16(ranges.length);
  for (const { first, last } of ranges) writer.u16(first - oldest).u16(last - oldest);
  return writer.finish();
}

export function decodeSession(bytes: Uint8Array): SessionRecord | undefined {
  const reader = new ByteReader(bytes);
  const clientId = reader.bytes(16);
  const [lastUse, oldest, count] = [reader.u64(), reader.u64(), reader.u16()];
  if (reader.left !== count * 4) return undefined;
  const ranges: SequenceRange[] = [];
  let next = 0;
  for (let i = 0; i < count; i += 1) {
    const [first, last] = [reader.u16(), reader.u16()];
    if (first < next || last < first || last >= SEQUENCES_OPEN_MAX) return undefined;
    ranges.push({ first: oldest + first, last: oldest + last });
    next = last + 2;
  }
  return reader.complete ? { clientId, lastUse, oldest, ranges } : undefined;
}
