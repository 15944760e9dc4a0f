// The number of the newest batch, kept beside the store. LevelDB drops the end of a damaged write-ahead
// log without a word, and what is left looks whole; a device that then went on would number its records
// anew, which its peers must take for an attack. So the number that a batch got is written here, durably,
// before the batch counts as written: a store that knows less has lost its end.
//
// Two places take turns, so that a write cut short leaves the one before. A place is number u64 | CRC-32
// u32, big-endian, and has a sector of its own.

import { access, type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { KeyValueStore } from '@rockpool/storage';
import { writeWholeFile } from '../whole-file.ts';

const PLACE_BYTES = 12;
const PLACES_APART_BYTES = 4096;
const PLACES = [0, 1] as const;

export class LastBatch {
  readonly #file: FileHandle;
  /** The newest number, or undefined where neither place can be read. */
  readonly known: number | undefined;

  private constructor(file: FileHandle, known: number | undefined) {
    this.#file = file;
    this.known = known;
  }

  /** Opens the file; a new one says that no batch was written. */
  static async open(path: string): Promise<LastBatch> {
    await makeIfMissing(path);
    const file = await open(path, 'r+');
    try {
      const numbers = await Promise.all(PLACES.map((place) => readPlace(file, place)));
      const readable = numbers.filter((number) => number !== undefined);
      return new LastBatch(file, readable.length === 0 ? undefined : Math.max(...readable));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Resolves once the number is on the disk. */
  async note(batch: number): Promise<void> {
    await this.#file.write(encodePlace(batch), 0, PLACE_BYTES, positionOf(batch % PLACES.length));
    await this.#file.datasync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** The same store, whose batches count as written once their number is noted here. */
  watch(store: KeyValueStore, lastBatch: number): KeyValueStore {
    let batch = lastBatch;
    return {
      ...store,
      write: async (operations) => {
        batch += 1;
        await store.write(operations);
        await this.note(batch);
      },
    };
  }
}

/** Whole or not at all: a start that was cut short must not look like damage to the next one. */
async function makeIfMissing(path: string): Promise<void> {
  const found = await access(path).then(
    () => true,
    () => false,
  );
  if (found) return;
  const content = Buffer.alloc(PLACES_APART_BYTES + PLACE_BYTES);
  for (const place of PLACES) encodePlace(0).copy(content, positionOf(place));
  await writeWholeFile(path, content);
}

function positionOf(place: number): number {
  return place * PLACES_APART_BYTES;
}

function encodePlace(batch: number): Buffer {
  const place = Buffer.alloc(PLACE_BYTES);
  place.writeBigUInt64BE(BigInt(batch));
  place.writeUInt32BE(crc32(place.subarray(0, 8)), 8);
  return place;
}

async function readPlace(file: FileHandle, place: number): Promise<number | undefined> {
  const bytes = Buffer.alloc(PLACE_BYTES);
  const { bytesRead } = await file.read(bytes, 0, PLACE_BYTES, positionOf(place));
  if (bytesRead < PLACE_BYTES) return undefined;
  if (bytes.readUInt32BE(8) !== crc32(bytes.subarray(0, 8))) return undefined;
  const batch = bytes.readBigUInt64BE();
  return batch <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(batch) : undefined;
}
