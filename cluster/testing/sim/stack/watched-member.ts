// One group on one simulated machine, as the checkers see it: the core of the process that runs there, and
// what the disk holds of it, read from its bytes.

import { decodeStoredValue } from '@rockpool/storage';
import { NOBODY } from '../../../src/core/configuration.ts';
import type { Entry, LogBase } from '../../../src/core/entry.ts';
import type { HardState, Raft, RaftStatus } from '../../../src/core/types.ts';
import { decodeHardState, decodeLogBase } from '../../../src/format/group-records.ts';
import { decodeLogEntries } from '../../../src/format/log-entry.ts';
import { entryKey, KEY_KIND, storeKey } from '../../../src/format/store-key.ts';
import type { SimState } from '../disk.ts';
import type { Watched, WatchedDisk } from '../watched.ts';
import { keyOf, nameOf } from './level-model.ts';
import type { SimMachine } from './sim-machine.ts';
import type { SortedMap } from './sorted-map.ts';

/** Of a disk that holds nothing. */
const START: LogBase = { index: 0, term: 0, checksum: 0, entryTimeMs: 0, configuration: NOBODY };

export class WatchedMember implements Watched, WatchedDisk {
  readonly machine: SimMachine;
  readonly first: SimState;
  readonly group: number;
  readonly #hardState: Record<HardState>;
  readonly #applied: Record<LogBase>;
  readonly #base: Record<LogBase>;
  /** The row that was asked for last. */
  #row: { readonly value: Uint8Array; readonly entries: readonly Entry[] } | undefined;

  constructor(machine: SimMachine, group: number, first: SimState) {
    this.machine = machine;
    this.first = first;
    this.group = group;
    this.#hardState = new Record(storeKey(KEY_KIND.hardState, group), decodeHardState);
    this.#applied = new Record(storeKey(KEY_KIND.applied, group), decodeLogBase);
    this.#base = new Record(storeKey(KEY_KIND.logBase, group), decodeLogBase);
  }

  get id(): string {
    return this.machine.id;
  }

  get life(): number {
    return this.machine.life;
  }

  /** A node on a disk of the past knows nothing better, until it is told. */
  get raft(): Raft | undefined {
    if (this.machine.damage === 'restored') return undefined;
    return this.machine.driver?.member(this.group)?.raft;
  }

  get status(): RaftStatus | undefined {
    return this.raft?.status();
  }

  get disk(): WatchedDisk {
    return this;
  }

  get hardState(): HardState | undefined {
    return this.#hardState.read(this.#rows);
  }

  get appliedIndex(): number {
    return (this.#applied.read(this.#rows) ?? START).index;
  }

  /** Or held, where it was damaged since. */
  holds(index: number, checksum: number | undefined): boolean {
    const base = this.#base.read(this.#rows) ?? START;
    if (index < base.index) return true;
    if (index === base.index) return base.checksum === checksum;
    const entry = this.#entry(index);
    return entry !== undefined && entry.checksum === checksum;
  }

  reaches(index: number): boolean {
    const base = this.#base.read(this.#rows) ?? START;
    return index <= base.index || this.#entry(index) !== undefined;
  }

  get #rows(): SortedMap {
    const { damage, beforeDamage, model } = this.machine;
    return damage === undefined ? model.live : (beforeDamage ?? model.live);
  }

  /** In the row that begins with it, or in the one before that. */
  #entry(index: number): Entry | undefined {
    const found = this.#rows.upTo(nameOf(entryKey(this.group, index)));
    if (found === undefined) return undefined;
    const [name, value] = found;
    if (value !== this.#row?.value) this.#row = { value, entries: entriesIn(name, value) };
    return this.#row.entries.find((entry) => entry.group === this.group && entry.index === index);
  }
}

/** None where the row is no row of entries, or damaged. */
function entriesIn(name: string, value: Uint8Array): readonly Entry[] {
  if (name.charCodeAt(0) !== KEY_KIND.entry) return [];
  const decoded = decodeStoredValue(keyOf(name), value);
  return (decoded.ok ? decodeLogEntries(decoded.payload) : undefined) ?? [];
}

/** Decoded once for as long as it stays the same. */
class Record<T> {
  readonly #key: Uint8Array;
  readonly #name: string;
  readonly #decode: (payload: Uint8Array) => T | undefined;
  #value: Uint8Array | undefined;
  #decoded: T | undefined;

  constructor(key: Uint8Array, decode: (payload: Uint8Array) => T | undefined) {
    this.#key = key;
    this.#name = nameOf(key);
    this.#decode = decode;
  }

  read(rows: SortedMap): T | undefined {
    const value = rows.get(this.#name);
    if (value === this.#value) return this.#decoded;
    this.#value = value;
    const stored = value && decodeStoredValue(this.#key, value);
    this.#decoded = stored?.ok === true ? this.#decode(stored.payload) : undefined;
    return this.#decoded;
  }
}
