// Where the number of the newest batch is kept: two places in a file, each a sector of its own. A place is number u64 | CRC-32
// u32, big-endian.

import { writeSync } from 'node:fs';
import { access, type FileHandle, open } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { writeWholeFile } from './whole-file.ts';

const PLACE_BYTES = 12;
const PLACES_APART_BYTES = 4096;
const PLACES = [0, 1] as const;

export interface BatchPlaces {
  /** Undefined for a place that cannot be read. */
  read(): Promise<readonly (number | undefined)[]>;
  /** Outlives this process once it returns. */
  write(place: 0 | 1, batch: number): void;
  /** Resolves once what was written outlives a loss of power, too. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export class FilePlaces implements BatchPlaces {
  readonly #file: FileHandle;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Opens the file; in a new one both places say 0. */
  static async open(path: string): Promise<FilePlaces> {
    await makeIfMissing(path);
    return new FilePlaces(await open(path, 'r+'));
  }

  read(): Promise<readonly (number | undefined)[]> {
    return Promise.all(PLACES.map((place) => readPlace(this.#file, place)));
  }

  /** Twelve bytes into the kernel's cache: microseconds, where a hop to another thread and back costs ten times that. */
  write(place: 0 | 1, batch: number): void {
    writeSync(this.#file.fd, encodePlace(batch), 0, PLACE_BYTES, positionOf(place));
  }

  sync(): Promise<void> {
    return this.#file.datasync();
  }

  close(): Promise<void> {
    return this.#file.close();
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
