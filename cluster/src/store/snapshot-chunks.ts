// The bytes of a snapshot, as they are sent to a follower and stand in a backup.

import { CHUNK_BYTES_MAX, encodeSlotsHead, encodeSnapshotRow } from '../format/snapshot-payload.ts';
import type { SnapshotRows } from './snapshot-rows.ts';

/** All bytes of the snapshot, cut into chunks of one size, at most CHUNK_BYTES_MAX, the last one shorter. */
export async function* chunksOf(
  slots: Uint8Array,
  rows: SnapshotRows,
  chunkBytes = CHUNK_BYTES_MAX,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly isLast: boolean }> {
  let parts = [encodeSlotsHead(slots)];
  let length = parts[0]?.length ?? 0;
  for await (const page of rows.pages()) {
    for (const [key, payload] of page) {
      const row = encodeSnapshotRow(key, payload);
      parts.push(row);
      length += row.length;
    }
    if (length <= chunkBytes) continue;
    let whole: Uint8Array = Buffer.concat(parts, length);
    // What is left over may be the last chunk, which only the end of the rows tells.
    for (; whole.length > chunkBytes; whole = whole.subarray(chunkBytes)) {
      yield { bytes: whole.subarray(0, chunkBytes), isLast: false };
    }
    parts = [whole];
    length = whole.length;
  }
  yield { bytes: Buffer.concat(parts, length), isLast: true };
}
