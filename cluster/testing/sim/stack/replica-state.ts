// The rows of a group as a machine's disk has them, and as they must be: the whole log of what was ever
// committed, applied anew to an empty store.

import { crc32 } from 'node:zlib';
import { decodeStoredValue, type Operation } from '@rockpool/storage';
import type { Entry } from '../../../src/core/entry.ts';
import { type AppliedEntry, applyCommands } from '../../../src/driver/apply-commands.ts';
import { decodeGroupSlots, decodeSide } from '../../../src/format/group-records.ts';
import { KEY_KIND, ROW_KINDS, storeKey } from '../../../src/format/store-key.ts';
import { MetaState } from '../../../src/meta/meta-state.ts';
import type { StateMachine } from '../../../src/ports.ts';
import { SessionTable } from '../../../src/sessions/session-table.ts';
import { fromSide, onSide } from '../../../src/store/row-sides.ts';
import { keyOf, type LevelModel, nameOf } from './level-model.ts';
import { SortedMap } from './sorted-map.ts';

/** One number for all rows of the group on the side that is read. */
export function durableState(model: LevelModel, group: number): number {
  const sideKey = storeKey(KEY_KIND.side, group);
  const side = payloadAt(model.live, sideKey);
  const live = (side && decodeSide(side)) ?? 0;
  let hash = 0;
  for (const kind of ROW_KINDS) {
    const from = onSide(storeKey(kind, group), live);
    const to = onSide(storeKey(kind, group + 1), live);
    for (const [name, value] of model.live.range(nameOf(from), nameOf(to))) {
      const stored = decodeStoredValue(keyOf(name), value);
      if (stored.ok) hash = fold(hash, fromSide(keyOf(name), live), stored.payload);
    }
  }
  return hash;
}

export interface Replay {
  readonly applied: readonly AppliedEntry[];
  /** The state after so many entries, for each number that was asked for. */
  readonly states: ReadonlyMap<number, number>;
}

/** Applies what was committed of a group to what a new cluster starts from. */
export async function replay(
  first: readonly Operation[],
  group: number,
  entries: readonly Entry[],
  { machine, at }: { readonly machine: StateMachine; readonly at: ReadonlySet<number> },
): Promise<Replay> {
  const rows = new SortedMap();
  const put = ({ key, payload }: Operation): void => {
    if (payload === null) rows.delete(nameOf(key));
    else rows.set(nameOf(key), payload);
  };
  const kinds: readonly number[] = ROW_KINDS;
  for (const operation of first) {
    const { key } = operation;
    if (kinds.includes(key[0] ?? 0) && group === 0) put(operation);
  }
  const slotsKey = nameOf(storeKey(KEY_KIND.slots, group));
  const slotsRecord = first.find(({ key }) => nameOf(key) === slotsKey)?.payload;
  const slots = slotsRecord ? decodeGroupSlots(slotsRecord) : undefined;
  if (slots === undefined) throw new Error(`group ${group} has no slots`);
  const meta = group === 0 ? metaOf(first) : undefined;
  const sessions = new SessionTable(group, []);
  const getMany = async (keys: readonly Uint8Array[]) => keys.map((key) => rows.get(nameOf(key)));
  const applied: AppliedEntry[] = [];
  const states = new Map<number, number>();
  if (at.has(0)) states.set(0, hashOf(rows));
  for (const entry of entries) {
    const page = await applyCommands([entry], { machine, slots, meta, sessions, getMany });
    for (const operation of page.operations) put(operation);
    applied.push(...page.entries);
    if (at.has(entry.index)) states.set(entry.index, hashOf(rows));
  }
  return { applied, states };
}

function hashOf(rows: SortedMap): number {
  let hash = 0;
  for (const [name, payload] of rows.range('', '\uffff')) hash = fold(hash, keyOf(name), payload);
  return hash;
}

function metaOf(first: readonly Operation[]): MetaState {
  const head = storeKey(KEY_KIND.clusterRow).length;
  const rows = first.flatMap(({ key, payload }) =>
    key[0] === KEY_KIND.clusterRow && payload !== null
      ? [[key.subarray(head), payload] as const]
      : [],
  );
  return new MetaState(rows);
}

function payloadAt(rows: SortedMap, key: Uint8Array): Uint8Array | undefined {
  const value = rows.get(nameOf(key));
  const stored = value && decodeStoredValue(key, value);
  return stored?.ok === true ? stored.payload : undefined;
}

function fold(hash: number, key: Uint8Array, payload: Uint8Array): number {
  return crc32(payload, crc32(key, hash));
}
