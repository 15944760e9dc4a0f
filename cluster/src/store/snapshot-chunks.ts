// The bytes of a snapshot, as they are sent to a follower and stand in a backup.

import { CHUNK_BYTES_MAX, encodeSlotsHead, encodeSnapshotRow } from '../format/snapshot-payload.ts';
import type { SnapshotRows } from './snapshot-rows.ts';

/** All bytes of the snapshot, cut into chunks of one size, the last one shorter. */
export async function* chunksOf(
  slots: Uint8Array,
  rows: SnapshotRows,
): AsyncGenerator<{ readonly bytes: Uint8Array; readonly isLast: boolean }> {
  let parts = [encodeSlotsHead(slots)];
  let length = parts[0]?.length ?? 0;
  for await (const page of rows.pages()) {
    for (const [key, payload] of page) {
      const row = encodeSnapshotRow(key, payload);
      parts.push(row);
      length += row.length;
    }
    if (length <= CHUNK_BYTES_MAX) continue;
    let whole: Uint8Array = Buffer.concat(parts, length);
    // What is left over may be the last chunk, which only the end of the rows tells.
    for (; whole.length > CHUNK_BYTES_MAX; whole = whole.subarray(CHUNK_BYTES_MAX)) {
      yield { bytes: whole.subarray(0, CHUNK_BYTES_MAX), isLast: false };
    }
    parts = [whole];
    length = whole.length;
  }
  yield { bytes: Buffer.concat(parts, length), isLast: true };
}
