// The checks of a store at start. LevelDB opens a damaged write-ahead log without a word and may have
// lost batches from its middle, so the batch numbers and every group's chain of entries must be
// without a hole; otherwise this node may have forgotten a vote or an acknowledged entry, and must
// not take part.

import { decodeStoredValue, type KeyRange, type KeyValueStore } from '@rockpool/storage';
import type { Entry, LogBase } from '../core/entry.ts';
import type { HardState, RestoredLog } from '../core/types.ts';
import {
  decodeGroupSlots,
  decodeHardState,
  decodeLogBase,
  decodeSide,
  type GroupSlots,
  type Side,
} from '../format/group-records.ts';
import { DATA_VERSION, decodeIdentity, type StoreIdentity } from '../format/identity.ts';
import { chainChecksum, decodeLogEntries } from '../format/log-entry.ts';
import { groupOfKey, KEY_KIND, type KeyKind, prefixEnd, storeKey } from '../format/store-key.ts';
import { NodeError, StoreDamagedError } from '../node-error.ts';

const PAGE_ROWS = 1_000;

/** A run of entries under one key, that of the first: the indexes of its ends, both included. */
export interface LogRow {
  readonly first: number;
  readonly last: number;
}

/** What a group's member starts from. */
export interface GroupState {
  readonly hardState: HardState | undefined;
  readonly log: RestoredLog;
  readonly logRows: readonly LogRow[];
  readonly applied: LogBase;
  readonly slots: GroupSlots;
}

/** The payload of a stored value, or a coded refusal to serve it. */
export function payloadOf(key: Uint8Array, value: Uint8Array): Uint8Array {
  const decoded = decodeStoredValue(key, value);
  if (decoded.ok) return decoded.payload;
  const place = `Key kind ${key[0]}, group ${groupOfKey(key)}.`;
  if (decoded.code === 'STORE_VERSION') throw new NodeError('STORE_VERSION', place);
  throw new StoreDamagedError(place);
}

/** Walks a range in pages; every value is checked. */
export async function* walk(
  store: KeyValueStore,
  range: KeyRange,
): AsyncGenerator<readonly [key: Uint8Array, payload: Uint8Array]> {
  const cursor = store.cursor(range);
  try {
    for (;;) {
      const page = await cursor.next(PAGE_ROWS);
      if (page.length === 0) return;
      for (const [key, value] of page) yield [key, payloadOf(key, value)];
    }
  } finally {
    await cursor.close();
  }
}

export function kindRange(kind: KeyKind, group = 0): KeyRange {
  const from = storeKey(kind, group);
  return { from, to: prefixEnd(from) };
}

export async function readIdentity(store: KeyValueStore): Promise<StoreIdentity> {
  const payload = await readRecord(store, KEY_KIND.identity, 0);
  if (payload === undefined) {
    const [first] = await firstKeys(store);
    if (first === undefined) throw new NodeError('STORE_EMPTY', 'Its data was lost or never made.');
    throw new NodeError('STORE_HOLE', 'The identity record is missing.');
  }
  const identity = decodeIdentity(payload);
  if (identity === undefined || identity.dataVersion !== DATA_VERSION) {
    throw new NodeError('STORE_VERSION', `This program reads data version ${DATA_VERSION}.`);
  }
  return identity;
}

/** Which side the rows of each group lie on. */
export async function readSides(store: KeyValueStore): Promise<ReadonlyMap<number, Side>> {
  const sides = new Map<number, Side>();
  const from = new Uint8Array([KEY_KIND.side]);
  for await (const [key, payload] of walk(store, { from, to: prefixEnd(from) })) {
    const group = groupOfKey(key);
    sides.set(group, known(decodeSide(payload), group, 'side of its rows'));
  }
  return sides;
}

export async function readGroup(store: KeyValueStore, group: number): Promise<GroupState> {
  const hardState = await readRecord(store, KEY_KIND.hardState, group);
  const logBase = await readRecord(store, KEY_KIND.logBase, group);
  const appliedTo = await readRecord(store, KEY_KIND.applied, group);
  const slots = await readRecord(store, KEY_KIND.slots, group);
  const state = {
    hardState: hardState && known(decodeHardState(hardState), group, 'hard state'),
    base: known(logBase && decodeLogBase(logBase), group, 'log start'),
    applied: known(appliedTo && decodeLogBase(appliedTo), group, 'applied index'),
    slots: known(slots && decodeGroupSlots(slots), group, 'slots'),
  };
  const { applied, base } = state;
  const { log, logRows } = await readLog(store, group, base);
  const last = log.entries.at(-1) ?? base;
  const term = state.hardState?.term ?? 0;
  const commit = state.hardState?.commit ?? 0;
  if (applied.index > last.index || commit > last.index || last.term > term) {
    throw new NodeError('STORE_HOLE', `Group ${group} lost entries after ${last.index}.`);
  }
  // Rows and log must tell of one history.
  const at = applied.index === base.index ? base : log.entries[applied.index - base.index - 1];
  if (at === undefined || at.term !== applied.term || at.checksum !== applied.checksum) {
    throw new NodeError(
      'STORE_HOLE',
      `Group ${group} applied ${applied.index}, which is not in its log.`,
    );
  }
  return { hardState: state.hardState, log, logRows, applied, slots: state.slots };
}

async function readLog(
  store: KeyValueStore,
  group: number,
  base: LogBase,
): Promise<Pick<GroupState, 'log' | 'logRows'>> {
  const entries: Entry[] = [];
  const logRows: LogRow[] = [];
  let last: Pick<Entry, 'index' | 'term' | 'checksum'> = base;
  for await (const [, payload] of walk(store, kindRange(KEY_KIND.entry, group))) {
    const row = known(decodeLogEntries(payload), group, 'entry');
    const [first, final] = [row[0]?.index ?? 0, row.at(-1)?.index ?? 0];
    logRows.push({ first, last: final });
    // Compaction leaves a row as it is while the log has one of its entries.
    const isCut = entries.length === 0 && final > base.index;
    for (const entry of isCut ? row.slice(Math.max(0, base.index + 1 - first)) : row) {
      if (
        entry.group !== group ||
        entry.index !== last.index + 1 ||
        entry.term < last.term ||
        entry.checksum !== chainChecksum(last.checksum, entry)
      ) {
        throw new NodeError('STORE_HOLE', `Group ${group} breaks after entry ${last.index}.`);
      }
      entries.push(entry);
      last = entry;
    }
  }
  return { log: { base, entries }, logRows };
}

async function readRecord(
  store: KeyValueStore,
  kind: KeyKind,
  group: number,
): Promise<Uint8Array | undefined> {
  const key = storeKey(kind, group);
  const [value] = await store.getMany([key]);
  return value === undefined ? undefined : payloadOf(key, value);
}

function known<T>(value: T | undefined, group: number, what: string): T {
  if (value === undefined) throw new NodeError('STORE_HOLE', `Group ${group} has no ${what}.`);
  return value;
}

async function firstKeys(store: KeyValueStore): Promise<readonly unknown[]> {
  const cursor = store.cursor({ from: new Uint8Array([0]), to: new Uint8Array([0xff]) });
  try {
    return await cursor.next(1);
  } finally {
    await cursor.close();
  }
}
