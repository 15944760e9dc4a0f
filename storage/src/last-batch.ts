// The number of the newest batch, kept beside the store. LevelDB drops the end of a damaged write-ahead
// log without a word, and what is left looks whole: a node would vote and acknowledge with a log that lacks
// what it acknowledged before, and a device would number its records anew, which its peers must take for
// an attack. So the number that a batch got is written here before the batch counts as written: a store
// that knows less has lost its end.
//
// Two places take turns, so that a write cut short leaves the one before. A place is number u64 | CRC-32
// u32, big-endian, and has a sector of its own.

import { writeSync } from 'node:fs';
import { access, type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { FailWith } from './store-failure.ts';
import { writeWholeFile } from './whole-file.ts';

const PLACE_BYTES = 12;
const PLACES_APART_BYTES = 4096;
const PLACES = [0, 1] as const;
/** No store will ever know as much. */
const BEYOND_ALL = Number.MAX_SAFE_INTEGER;

export interface LastBatchOptions {
  /**
   * Whether each number is on the disk before note() resolves. Else the kernel has it, which outlives a killed process;
   * after a loss of power the number may then be older than the store, never newer.
   */
  readonly sync: boolean;
}

export class LastBatch {
  readonly #file: FileHandle;
  readonly #sync: boolean;
  #isCondemned = false;
  /** The newest number, or undefined where neither place can be read. */
  readonly known: number | undefined;

  private constructor(file: FileHandle, known: number | undefined, { sync }: LastBatchOptions) {
    this.#file = file;
    this.#sync = sync;
    this.known = known;
  }

  /** Opens the file; a new one says that no batch was written. */
  static async open(path: string, options: LastBatchOptions): Promise<LastBatch> {
    await makeIfMissing(path);
    const file = await open(path, 'r+');
    try {
      const numbers = await Promise.all(PLACES.map((place) => readPlace(file, place)));
      const readable = numbers.filter((number) => number !== undefined);
      const known = readable.length === 0 ? undefined : Math.max(...readable);
      return new LastBatch(file, known, options);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Throws STORE_BEHIND unless a store whose newest batch is this one has all that was noted. */
  requireReached(batch: number, failWith: FailWith): void {
    if (this.known !== undefined && batch >= this.known) return;
    throw failWith('STORE_BEHIND', behindBecause(this.known, batch));
  }

  /** Resolves once the number outlives this process. */
  async note(batch: number): Promise<void> {
    if (this.#isCondemned) return;
    this.#write(batch % PLACES.length, batch);
    if (this.#sync) await this.#file.datasync();
  }

  /** From here on no store is taken beside this file: it was found to have forgotten something. */
  async condemn(): Promise<void> {
    this.#isCondemned = true;
    for (const place of PLACES) this.#write(place, BEYOND_ALL);
    await this.#file.datasync();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Twelve bytes into the kernel's cache: microseconds, where a hop to another thread and back costs ten times that. */
  #write(place: number, batch: number): void {
    writeSync(this.#file.fd, encodePlace(batch), 0, PLACE_BYTES, positionOf(place));
  }
}

function behindBecause(known: number | undefined, batch: number): string {
  if (known === undefined) return 'The number of its newest batch cannot be read.';
  if (known === BEYOND_ALL) return 'Other nodes heard what it forgot, and told it so.';
  return `Its newest batch is ${batch}, and was ${known}.`;
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
