import fc from 'fast-check';
import t from 'tap';
import {
  decodeSnapshotAnswer,
  decodeSnapshotChunk,
  encodeSlotsHead,
  encodeSnapshotAnswer,
  encodeSnapshotChunk,
  encodeSnapshotRow,
  SnapshotReader,
} from '../src/format/snapshot-payload.ts';
import { entryKey, rowKey } from '../src/format/store-key.ts';
import { logBases } from '../testing/arbitrary-configuration.ts';
import { plain, roundTrip } from '../testing/round-trip.ts';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const u32 = fc.nat(0xffff_ffff);
const u64 = fc.maxSafeNat();
t.test('[PEER-10] [PEER-11] snapshots are read back, cut anywhere, and nothing else is', (t) => {
  const chunk = fc.record({
    group: u32,
    term: u64,
    base: logBases,
    number: u32,
    isLast: fc.boolean(),
    crc: u32,
    bytes: bytes(100),
  });
  roundTrip(t, chunk, encodeSnapshotChunk, decodeSnapshotChunk);
  const status = fc.constantFrom('more' as const, 'done' as const, 'refused' as const);
  const answer = fc.record({ group: u32, term: u64, index: u64, next: u32, status });
  roundTrip(t, answer, encodeSnapshotAnswer, decodeSnapshotAnswer);
  const row = fc.record({ rest: bytes(20), payload: bytes(40) });
  fc.assert(
    fc.property(bytes(30), fc.array(row), fc.array(fc.nat(60)), (slots, rows, cuts) => {
      const stored = rows.map(({ rest, payload }) => [rowKey(3, 1, rest), payload] as const);
      const whole = Buffer.concat([
        encodeSlotsHead(slots),
        ...stored.map(([key, payload]) => encodeSnapshotRow(key, payload)),
      ]);
      const reader = new SnapshotReader(3);
      const read: unknown[] = [];
      let at = 0;
      for (const length of [...cuts, whole.length]) {
        read.push(...(reader.push(whole.subarray(at, at + length)) ?? ['refused']));
        at += length;
      }
      return (
        reader.isComplete && plain(read) === plain(stored) && plain(reader.slots) === plain(slots)
      );
    }),
  );
  fc.assert(
    fc.property(fc.array(bytes(300)), (pieces) => {
      const reader = new SnapshotReader(3);
      for (const piece of pieces) if (reader.push(piece) === undefined) break;
    }),
  );
  const log = encodeSnapshotRow(entryKey(3, 1), Uint8Array.of(1));
  const reader = new SnapshotReader(3);
  reader.push(encodeSlotsHead(Uint8Array.of(1)));
  t.equal(reader.push(log), undefined, 'a snapshot writes rows, never the log');
  t.end();
});
