// The log of one group, in memory: every entry from firstIndex on; what came before is compacted away.
// Callers go by firstIndex and termAt, and only this file knows where an entry lies.

import { assert } from './assert.ts';
import { membersOf } from './configuration.ts';
import {
  baseAt,
  type ChainChecksum,
  type Configuration,
  type Entry,
  type LogBase,
} from './entry.ts';
import type { LogPosition, Rules } from './rules.ts';
import type { RestoredLog } from './types.ts';

/** What an entry counts against byte limits beside its command. */
const ENTRY_OVERHEAD_BYTES = 64;
/** And for each node of a configuration. */
const MEMBER_BYTES = 16;

export function entryBytes({ command, configuration }: Entry): number {
  const members = configuration === undefined ? 0 : membersOf(configuration).length;
  return command.byteLength + members * MEMBER_BYTES + ENTRY_OVERHEAD_BYTES;
}

export interface PlacedConfiguration {
  readonly index: number;
  readonly configuration: Configuration;
}

export class Log {
  readonly #rules: Pick<Rules, 'isConfigurationKept'>;
  #base: LogBase;
  #entries: Entry[];
  #bytes = 0;
  /** That of the base, and those of entries after it: they come and go with these. */
  #configurations: PlacedConfiguration[];

  /** Refuses a log with a hole, a falling term or a broken checksum chain: its disk is damaged. */
  constructor(
    group: number,
    restored: RestoredLog,
    chainChecksum: ChainChecksum,
    rules: Pick<Rules, 'isConfigurationKept'>,
  ) {
    this.#rules = rules;
    this.#base = restored.base;
    this.#configurations = [restored.base];
    this.#entries = [];
    for (const entry of restored.entries) {
      assert(entry.group === group, 'a restored entry belongs to its group');
      const expected = chainChecksum(this.checksumAt(this.lastIndex), entry);
      assert(entry.checksum === expected, `the checksum chain holds at restored ${entry.index}`);
      this.append(entry);
    }
  }

  get firstIndex(): number {
    return this.#base.index + 1;
  }

  get lastIndex(): number {
    return this.#base.index + this.#entries.length;
  }

  get length(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get base(): LogBase {
    return this.#base;
  }

  get last(): LogPosition {
    return { index: this.lastIndex, term: this.#lastTerm };
  }

  get #lastTerm(): number {
    return this.#entries.at(-1)?.term ?? this.#base.term;
  }

  get lastEntryTimeMs(): number {
    return this.#entries.at(-1)?.entryTimeMs ?? this.#base.entryTimeMs;
  }

  /** undefined for what was compacted away or does not exist; 0 before the first entry. */
  termAt(index: number): number | undefined {
    return index === this.#base.index ? this.#base.term : this.#at(index)?.term;
  }

  checksumAt(index: number): number {
    const checksum = index === this.#base.index ? this.#base.checksum : this.#at(index)?.checksum;
    assert(checksum !== undefined, `entry ${index} is in the log`);
    return checksum;
  }

  timeAt(index: number): number {
    return index === this.#base.index
      ? this.#base.entryTimeMs
      : (this.#at(index)?.entryTimeMs ?? 0);
  }

  /** The newest, committed or not. */
  get configuration(): PlacedConfiguration {
    return this.#configurations.at(-1) ?? this.#base;
  }

  /** As of the entry at this index, or as of the base if that is newer. */
  configurationAt(index: number): Configuration {
    for (let at = this.#configurations.length - 1; at >= 0; at -= 1) {
      const placed = this.#configurations[at];
      if (placed && placed.index <= index) return placed.configuration;
    }
    return this.#base.configuration;
  }

  append(entry: Entry): void {
    assert(entry.index === this.lastIndex + 1, `entry ${entry.index} follows the last one`);
    assert(entry.term >= this.#lastTerm, 'terms in a log never fall');
    assert(entry.entryTimeMs >= this.lastEntryTimeMs, 'times in a log never fall');
    this.#entries.push(entry);
    this.#bytes += entryBytes(entry);
    const { index, configuration } = entry;
    if (configuration !== undefined) this.#configurations.push({ index, configuration });
  }

  truncateFrom(index: number): void {
    assert(index >= this.firstIndex && index <= this.lastIndex, 'truncation lies in the log');
    for (const entry of this.#entries.splice(index - this.firstIndex)) {
      this.#bytes -= entryBytes(entry);
    }
    this.#configurations = this.#configurations.filter((placed) =>
      this.#rules.isConfigurationKept(placed.index, this.lastIndex),
    );
  }

  /** The last entry to drop, not above limit, so that what is left is within both bounds. */
  compactionIndex(entriesKept: number, bytesKept: number, limit: number): number {
    let index = this.#base.index;
    let bytes = this.#bytes;
    while (index < limit) {
      const next = this.#at(index + 1);
      const isWithin = this.lastIndex - index <= entriesKept && bytes <= bytesKept;
      if (next === undefined || isWithin) break;
      bytes -= entryBytes(next);
      index += 1;
    }
    return index;
  }

  /** Drops every entry up to this one, and goes on from it. */
  compactTo(index: number): void {
    const last = this.#at(index);
    assert(last !== undefined, 'compaction ends in the log');
    const base = baseAt(last, this.configurationAt(index));
    for (const entry of this.#entries.splice(0, index - this.#base.index)) {
      this.#bytes -= entryBytes(entry);
    }
    this.#base = base;
    const kept = this.#configurations.filter((placed) => placed.index > index);
    this.#configurations = [this.#base, ...kept];
  }

  /** Drops everything and goes on from a snapshot. */
  restart(base: LogBase): void {
    this.#base = base;
    this.#configurations = [base];
    this.#entries = [];
    this.#bytes = 0;
  }

  /** Both ends included. */
  slice(from: number, to: number): readonly Entry[] {
    assert(
      from >= this.firstIndex && from <= to + 1 && to <= this.lastIndex,
      `${from}..${to} lies in the log`,
    );
    return this.#entries.slice(from - this.firstIndex, to - this.firstIndex + 1);
  }

  /** Like slice, ended early by the byte limit, but never before its first entry. */
  page(from: number, to: number, bytesMax: number): readonly Entry[] {
    let bytes = 0;
    let end = from - 1;
    while (end < to) {
      const next = this.#at(end + 1);
      assert(next !== undefined, `entry ${end + 1} is in the log`);
      bytes += entryBytes(next);
      if (bytes > bytesMax && end >= from) break;
      end += 1;
    }
    return this.slice(from, end);
  }

  /**
   * The last place, at or below index, whose term is not above the given one: nothing above it can
   * agree with a log that has that term at that index. Skips a whole term at a time on both sides.
   */
  lastPossibleAgreement(index: number, term: number): LogPosition {
    let at = Math.min(index, this.lastIndex);
    while (at > this.#base.index) {
      const own = this.termAt(at);
      if (own !== undefined && own <= term) return { index: at, term: own };
      at -= 1;
    }
    return { index: this.#base.index, term: this.#base.term };
  }

  #at(index: number): Entry | undefined {
    return this.#entries[index - this.firstIndex];
  }
}
