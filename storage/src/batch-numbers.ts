// Batches are numbered from 1, and each holds its own number in a ring of keys. LevelDB opens a damaged
// write-ahead log without a word and may have lost batches from its middle: the numbers then have a hole.

import { pieceOf } from './byte-pieces.ts';
import type { KeyRange, KeyValueStore } from './key-value-store.ts';
import type { FailWith } from './store-failure.ts';
import { decodeStoredValue, encodeStoredValue } from './stored-value.ts';

/** Numbers kept: LevelDB's write-ahead log never holds as many batches. */
const BATCH_RING = 65_536;
const PAGE_ROWS = 1_000;
const KEY_KIND = 0x02;
const KEY_BYTES = 7;
/** All keys of the ring, and no others: whoever keeps rows beside them begins with another byte. */
const RING: KeyRange = { from: Uint8Array.of(KEY_KIND), to: Uint8Array.of(KEY_KIND + 1) };

/** kind u8 (2) | zero u32 | number modulo 65,536 u16, big-endian. */
export function batchKey(batch: number): Uint8Array {
  const key = pieceOf(KEY_BYTES);
  key[0] = KEY_KIND;
  key[5] = (batch % BATCH_RING) >>> 8;
  key[6] = batch;
  return key;
}

/** The record of a batch's own number, a u64, as its value is stored. */
export function encodeBatchNumber(batch: number): Uint8Array {
  const number = new Uint8Array(8);
  new DataView(number.buffer).setBigUint64(0, BigInt(batch));
  return encodeStoredValue(batchKey(batch), number);
}

/** The number of the last batch; fails with STORE_HOLE when one of those before it is missing. */
export async function readLastBatch(store: KeyValueStore, failWith: FailWith): Promise<number> {
  let last = 0;
  let count = 0;
  let sum = 0n;
  for await (const batch of batchNumbers(store, failWith)) {
    last = Math.max(last, batch);
    count += 1;
    sum += BigInt(batch);
  }
  const expected = Math.min(last, BATCH_RING);
  // Ring places are distinct modulo the ring's size, so that count and sum decide.
  const gapless = (BigInt(2 * last - expected + 1) * BigInt(expected)) / 2n;
  if (count !== expected || sum !== gapless) {
    throw failWith('STORE_HOLE', `Batches are missing before batch ${last}.`);
  }
  return last;
}

async function* batchNumbers(store: KeyValueStore, failWith: FailWith): AsyncGenerator<number> {
  const cursor = store.cursor(RING);
  try {
    for (;;) {
      const page = await cursor.next(PAGE_ROWS);
      if (page.length === 0) return;
      for (const [key, value] of page) {
        const decoded = decodeStoredValue(key, value);
        if (!decoded.ok) throw failWith(decoded.code, 'The number of a batch.');
        yield decodeBatchNumber(decoded.payload);
      }
    }
  } finally {
    await cursor.close();
  }
}

/** What is no safe integer is no number of a batch; zero then breaks the sum. */
function decodeBatchNumber(payload: Uint8Array): number {
  if (payload.length !== 8) return 0;
  const number = new DataView(payload.buffer, payload.byteOffset, 8).getBigUint64(0);
  return number <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(number) : 0;
}
