// Whatever a log goes through, its rows in the store say what the core has.
import type { Operation } from '@rockpool/storage';
import fc from 'fast-check';
import t from 'tap';
import { NOBODY } from '../src/core/configuration.ts';
import { baseAt, type Entry, type LogBase } from '../src/core/entry.ts';
import type { PersistBatch } from '../src/core/types.ts';
import { LogOperations } from '../src/driver/log-operations.ts';
import { encodeHardState, encodeLogBase } from '../src/format/group-records.ts';
import { chainChecksum } from '../src/format/log-entry.ts';
import { KEY_KIND, storeKey } from '../src/format/store-key.ts';
import { createStore, openStore, stageDurably } from '../testing/log-store-suite.ts';
import { MemoryDisk } from '../testing/memory-store.ts';
import { plain } from '../testing/round-trip.ts';

const GROUP = 1;
const START: LogBase = { index: 0, term: 0, checksum: 0, entryTimeMs: 0, configuration: NOBODY };

/** A log as the core keeps it, and the batches that it hands out. */
class ModelLog {
  base = START;
  all: Entry[] = [];
  term = 1;

  get last(): number {
    return this.base.index + this.all.length;
  }

  status() {
    return { firstIndex: this.base.index + 1 };
  }

  entries(from: number, to: number): readonly Entry[] {
    if (from <= this.base.index || to > this.last) throw new RangeError(`${from}..${to}`);
    return this.all.slice(from - this.base.index - 1, to - this.base.index);
  }

  append(sizes: readonly number[]): PersistBatch {
    const from = this.last + 1;
    for (const size of sizes) {
      const before = this.all.at(-1) ?? this.base;
      const content = {
        group: GROUP,
        index: this.last + 1,
        term: this.term,
        kind: 'command' as const,
        ruleVersion: 1,
        entryTimeMs: 1,
        tableEpoch: 1,
        command: new Uint8Array(size),
      };
      this.all.push({ ...content, checksum: chainChecksum(before.checksum, content) });
    }
    return this.#batch({ entries: this.entries(from, this.last) });
  }

  /** The last so many are replaced by these of a newer term. */
  replace(count: number, sizes: readonly number[]): PersistBatch {
    const truncateFrom = Math.max(this.base.index + 1, this.last + 1 - count);
    if (truncateFrom > this.last) return this.append(sizes);
    this.all.splice(truncateFrom - this.base.index - 1);
    this.term += 1;
    return { ...this.append(sizes), truncateFrom };
  }

  compact(count: number): PersistBatch | undefined {
    const dropped = this.all.splice(0, count);
    const last = dropped.at(-1);
    if (last === undefined) return undefined;
    this.base = baseAt(last, NOBODY);
    return this.#batch({ compactTo: this.base });
  }

  install(ahead: number): PersistBatch {
    this.base = { ...START, index: this.last + ahead, term: this.term, checksum: 7 };
    this.all = [];
    return this.#batch({ snapshot: this.base });
  }

  #batch(parts: Partial<PersistBatch>): PersistBatch {
    const { term } = this;
    const nothing = { snapshot: undefined, compactTo: undefined, truncateFrom: undefined };
    const hardState = { term, vote: undefined, commit: this.base.index };
    return { batch: 1, hardState, ...nothing, entries: [], term, index: this.last, ...parts };
  }
}

const sizes = fc.array(fc.constantFrom(1, 100, 30_000, 70_000), { minLength: 1, maxLength: 6 });
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ append: sizes }) },
  { weight: 2, arbitrary: fc.record({ replaced: fc.integer({ min: 1, max: 8 }), by: sizes }) },
  { weight: 2, arbitrary: fc.record({ compacted: fc.integer({ min: 1, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ installed: fc.integer({ min: 1, max: 5 }) }) },
);

function take(log: ModelLog, next: typeof step extends fc.Arbitrary<infer S> ? S : never) {
  if ('append' in next) return log.append(next.append);
  if ('replaced' in next) return log.replace(next.replaced, next.by);
  return 'compacted' in next ? log.compact(next.compacted) : log.install(next.installed);
}

function baseRecord(base: LogBase): Operation {
  return { key: storeKey(KEY_KIND.logBase, GROUP), payload: encodeLogBase(base) };
}

t.test('[STO-8] rows hold the log, whatever is appended, replaced and cut off', async (t) => {
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 12 }),
    fc.nat(11),
    async (steps, restartAt) => {
      const content = new MemoryDisk();
      const disk = { open: async () => content.open() };
      await createStore(disk);
      const store = await openStore(disk);
      await stageDurably(store, [baseRecord(START)]);
      const log = new ModelLog();
      let operations = new LogOperations(GROUP, [], log);
      for (const [at, next] of steps.entries()) {
        const batch = take(log, next);
        if (batch === undefined) continue;
        const { base } = log;
        const applied = storeKey(KEY_KIND.applied, GROUP);
        await stageDurably(store, [
          ...operations.of(batch),
          { key: applied, payload: encodeLogBase(base) },
          {
            key: storeKey(KEY_KIND.hardState, GROUP),
            payload: encodeHardState({ term: log.term, vote: undefined, commit: base.index }),
          },
        ]);
        const state = await store.loadGroup(GROUP);
        if (plain(state.log) !== plain({ base, entries: log.all })) return false;
        if (at === restartAt) operations = new LogOperations(GROUP, state.logRows, log);
      }
      await store.close();
      return true;
    },
  );
  await fc.assert(property, { numRuns: 100 });
  t.pass('every history');
});

t.test('[STO-8] what is written at once lies in one row, and goes with its last entry', (t) => {
  const log = new ModelLog();
  const operations = new LogOperations(GROUP, [], log);
  const entryKeys = (batch: PersistBatch | undefined) => {
    const changed = batch === undefined ? [] : operations.of(batch);
    return changed
      .filter(({ key }) => key[0] === KEY_KIND.entry)
      .map(({ key, payload }) => `${payload === null ? '-' : '+'}${key.at(-1)}`);
  };
  t.same(entryKeys(log.append([1, 1, 1])), ['+1']);
  t.same(entryKeys(log.append([30_000, 30_000, 30_000, 70_000, 1])), ['+4', '+6', '+7', '+8']);
  t.same(entryKeys(log.compact(2)), [], 'the third entry is still in the log');
  t.same(entryKeys(log.replace(1, [1])), ['-8', '+8']);
  t.same(entryKeys(log.replace(4, [1])), ['-4', '-6', '-7', '-8', '+4'], 'the fourth again');
  t.same(entryKeys(log.compact(2)), ['-1'], 'up to the fourth, whose row has another one');
  t.end();
});
