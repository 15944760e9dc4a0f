// Rows as reads see them: those on the disk, with what is staged and not yet durable over them.

import type { Cursor, KeyValue } from '@rockpool/storage';
import { payloadOf } from './verify-store.ts';

export interface Staged {
  readonly key: Uint8Array;
  readonly payload: Uint8Array | null;
}

/** A cursor gives fewer than it is asked for when they are large; only an empty page is the end. */
export async function firstOf(cursor: Cursor, limit: number): Promise<readonly KeyValue[]> {
  const found: KeyValue[] = [];
  while (found.length < limit) {
    const page = await cursor.next(limit - found.length);
    if (page.length === 0) break;
    found.push(...page);
  }
  return found;
}

export function mergeRows(
  stored: readonly KeyValue[],
  staged: ReadonlyMap<string, Staged>,
  limit: number,
): KeyValue[] {
  const rows: KeyValue[] = [];
  for (const [key, value] of stored) {
    if (!staged.has(nameOf(key))) rows.push([key, payloadOf(key, value)]);
  }
  for (const { key, payload } of staged.values()) {
    if (payload !== null) rows.push([key, payload]);
  }
  return rows.sort(([a], [b]) => Buffer.compare(a, b)).slice(0, limit);
}

export function nameOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, key.byteLength).toString('latin1');
}
