// The number of the newest batch, kept beside the store. LevelDB drops the end of a damaged write-ahead
// log without a word, and what is left looks whole: a node would vote and acknowledge with a log that lacks
// what it acknowledged before, and a device would number its records anew, which its peers must take for
// an attack. So the number that a batch got is written here before the batch counts as written: a store
// that knows less has lost its end.
//
// Two places take turns, so that a write cut short leaves the one before.

import { type BatchPlaces, FilePlaces } from './batch-places.ts';
import type { FailWith } from './store-failure.ts';

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
  readonly #places: BatchPlaces;
  readonly #sync: boolean;
  #isCondemned = false;
  /** The newest number, or undefined where neither place can be read. */
  readonly known: number | undefined;

  private constructor(places: BatchPlaces, known: number | undefined, { sync }: LastBatchOptions) {
    this.#places = places;
    this.#sync = sync;
    this.known = known;
  }

  /** Opens the file; a new one says that no batch was written. */
  static async open(path: string, options: LastBatchOptions): Promise<LastBatch> {
    return await LastBatch.in(await FilePlaces.open(path), options);
  }

  /** Closes the places if they cannot be read. */
  static async in(places: BatchPlaces, options: LastBatchOptions): Promise<LastBatch> {
    try {
      const readable = (await places.read()).filter((number) => number !== undefined);
      const known = readable.length === 0 ? undefined : Math.max(...readable);
      return new LastBatch(places, known, options);
    } catch (error) {
      await places.close();
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
    this.#places.write(batch % 2 === 0 ? 0 : 1, batch);
    if (this.#sync) await this.#places.sync();
  }

  /** From here on no store is taken beside this file: it was found to have forgotten something. */
  async condemn(): Promise<void> {
    this.#isCondemned = true;
    this.#places.write(0, BEYOND_ALL);
    this.#places.write(1, BEYOND_ALL);
    await this.#places.sync();
  }

  close(): Promise<void> {
    return this.#places.close();
  }
}

function behindBecause(known: number | undefined, batch: number): string {
  if (known === undefined) return 'The number of its newest batch cannot be read.';
  if (known === BEYOND_ALL) return 'Other nodes heard what it forgot, and told it so.';
  return `Its newest batch is ${batch}, and was ${known}.`;
}
