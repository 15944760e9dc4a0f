// The database of a simulated process: a LevelModel with time and faults. Between any two things that it
// does to the disk, the process may die.

import type { Cursor, KeyRange, KeyValue, KeyValueStore, WriteOperation } from '@rockpool/storage';
import { KEY_KIND } from '../../../src/format/store-key.ts';
import type { EventQueue } from '../event-queue.ts';
import type { Random } from '../random.ts';
import { check } from '../violation.ts';
import type { DiskFaults } from './disk-faults.ts';
import { flipABit, type LevelModel, openModel } from './level-model.ts';
import type { ProcessLoop } from './process-loop.ts';

/** Verifying pauses this often. */
const TABLE_PARTS = 3;
const SNAPSHOTS_MAX = 2;

export interface SimStoreParts {
  readonly queue: EventQueue;
  readonly loop: ProcessLoop;
  readonly model: LevelModel;
  readonly faults: DiskFaults;
  readonly random: Random;
  /** Rows of a page at most. */
  readonly pageRows: number;
  /** Told between any two steps of an operation; the process may be dead after it. */
  readonly crossing: () => void;
  /** Told of each batch that is on its way to the disk: which kinds of record it has; the process may be dead after it. */
  readonly writing: (kinds: ReadonlySet<number>) => void;
}

export class SimStore implements KeyValueStore {
  readonly #parts: SimStoreParts;
  readonly #database: KeyValueStore;
  /** Being read; each takes memory for as long as its receiver takes its time. */
  #snapshots = 0;
  /** Sent to the disk, and not yet known to be there. */
  #inFlight: readonly WriteOperation[] | undefined;

  constructor(parts: SimStoreParts) {
    this.#parts = parts;
    this.#database = openModel(parts.model, parts.pageRows);
  }

  async getMany(keys: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    const { faults, random } = this.#parts;
    await this.#step();
    const values = [...(await this.#database.getMany(keys))];
    const at = values.findIndex((value) => value !== undefined && value.length > 0);
    const victim = values[at];
    if (victim !== undefined && faults.takeReadFlip()) values[at] = flipABit(victim, random);
    return values;
  }

  cursor(range: KeyRange): Cursor {
    const cursor = this.#database.cursor(range);
    // Whoever reads a whole state machine begins with how far it is applied.
    const isOfSnapshot = range.from[0] === KEY_KIND.applied;
    if (isOfSnapshot) this.#snapshots += 1;
    const isBounded = this.#snapshots <= SNAPSHOTS_MAX;
    check(isBounded, 'bounds', () => `${this.#snapshots} snapshots are read at once`);
    const close = async (): Promise<void> => {
      if (isOfSnapshot) this.#snapshots -= 1;
      await cursor.close();
    };
    const next = async (limit: number): Promise<readonly KeyValue[]> => {
      await this.#step();
      return await cursor.next(limit);
    };
    return { ...cursor, next, close };
  }

  async write(operations: readonly WriteOperation[]): Promise<void> {
    const { queue, loop, faults, model } = this.#parts;
    await this.#step();
    this.#inFlight = operations;
    const done = Promise.withResolvers<void>();
    queue.after(faults.writeMs(), () => {
      if (!loop.isAlive || faults.isStalled) return;
      const error = faults.writeError();
      if (error !== undefined) {
        loop.enter(() => done.reject(error));
        return;
      }
      model.append(operations);
      this.#inFlight = undefined;
      this.#parts.crossing();
      loop.enter(done.resolve);
    });
    this.#parts.writing(new Set(operations.map(({ key }) => key[0] ?? 0)));
    await done.promise;
  }

  async verify(pause: () => Promise<unknown> = async () => {}): Promise<void> {
    for (let part = 0; part < TABLE_PARTS; part += 1) {
      await this.#step();
      await this.#database.verify();
      await pause();
    }
  }

  async close(): Promise<void> {
    await this.#step();
  }

  /** The process is dead; says what became of the batch that was under way. */
  ended(): 'nothing' | 'lost' | 'torn' | 'written' {
    const { model, random } = this.#parts;
    const batch = this.#inFlight;
    if (batch === undefined) return 'nothing';
    this.#inFlight = undefined;
    const fate = random.pick(['lost', 'torn', 'written'] as const);
    // Of a torn record the checksum is wrong, and at the end of the log that means: it never was.
    if (fate === 'written') model.append(batch);
    return fate;
  }

  /** Never ends once the process is dead. */
  #step(): Promise<void> {
    this.#parts.crossing();
    if (!this.#parts.loop.isAlive) return new Promise(() => {});
    return this.#parts.faults.readDelay(this.#parts.loop);
  }
}
